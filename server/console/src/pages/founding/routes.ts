import { Connection } from '@element-plus/icons-vue'
import type { Feature } from '@/menu'

/** Surveying the branches and founding alliances. */
export const founding: Feature = {
  title: '摸底组建', icon: Connection, group: '组织', roles: ['committee_staff', 'lead_staff', 'liaison'],
  routes: [
    { path: '/surveys', name: 'surveys', component: () => import('./SurveysPage.vue'), meta: { title: '摸底与组建' } },
    { path: '/surveys/:id/sheet', name: 'survey-sheet', component: () => import('./SheetPage.vue'), meta: { title: '填摸底表' } },
    { path: '/surveys/:id/candidates', name: 'survey-candidates', component: () => import('./CandidatesPage.vue'), meta: { title: '候选单位' } },
    { path: '/surveys/:id/board', name: 'survey-board', component: () => import('./BoardPage.vue'), meta: { title: '组建方案' } },
    { path: '/surveys/:id/versions', name: 'survey-versions', component: () => import('./VersionsPage.vue'), meta: { title: '定版并组建' } },
    { path: '/surveys/:id/versions/:version', name: 'survey-plan', component: () => import('./PlanPage.vue'), meta: { title: '组建方案' } },
  ],
}
