import { Postcard } from '@element-plus/icons-vue'
import type { Feature } from '@/menu'

/** Choosing the head of an alliance, and who heads which until when. */
export const elections: Feature = {
  title: '推选', icon: Postcard, group: '组织', roles: ['committee_staff', 'lead_staff', 'head', 'liaison'],
  routes: [
    { path: '/elections', name: 'elections', component: () => import('./ElectionsPage.vue'), meta: { title: '推选' } },
    { path: '/elections/new', name: 'election-new', component: () => import('./PlanPage.vue'), meta: { title: '新建推选' } },
    { path: '/elections/:id', name: 'election', component: () => import('./ElectionPage.vue'), meta: { title: '推选' } },
    { path: '/elections/:id/plan', name: 'election-plan', component: () => import('./PlanPage.vue'), meta: { title: '修改推选' } },
    { path: '/terms/:id/handover', name: 'handover', component: () => import('./HandoverPage.vue'), meta: { title: '交接清单' } },
  ],
}
