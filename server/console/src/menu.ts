import { Bell, ChatLineSquare, Delete, Download, Grid, Key, List, Monitor, Notebook, Postcard, Share, Upload, View, Warning } from '@element-plus/icons-vue'
import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import type { Role } from './api/types'
import { elections } from './pages/election/routes'
import { founding } from './pages/founding/routes'

/** One line of the side menu with the pages behind it. */
export interface Feature {
  /** What the menu says; a feature without a title has pages only. */
  title?: string
  icon?: Component
  /** Features of one group stand together in the menu. */
  group: '工作' | '组织' | '台账' | '管理'
  /** Whoever has one of these roles sees it; everybody when absent. The server decides what they may do. */
  roles?: Role[]
  /** The first route is where the menu leads. Paths begin at /console. */
  routes: RouteRecordRaw[]
}

export const staff: Role[] = ['committee_staff', 'lead_staff']
/** Those who keep rows of the ledger, each of their own part. */
export const keepers: Role[] = [...staff, 'liaison']
export const desk: Role[] = [...keepers, 'head', 'viewer']

const org = () => import('./pages/org/OrgPage.vue')

/** Every page behind the sign-in. A feature registers here, and nowhere else. */
export const features: Feature[] = [
  {
    title: '待办', icon: List, group: '工作',
    routes: [{ path: '/', name: 'home', component: () => import('./pages/home/HomePage.vue'), meta: { title: '待办' } }],
  },
  {
    title: '通知', icon: ChatLineSquare, group: '工作', roles: staff,
    routes: [{ path: '/notices', name: 'notices', component: () => import('./pages/notices/NoticesPage.vue'), meta: { title: '通知' } }],
  },
  {
    title: '发送失败', icon: Warning, group: '工作', roles: [...keepers, 'head'],
    routes: [{ path: '/failed', name: 'failed', component: () => import('./pages/failed/FailedPage.vue'), meta: { title: '发送失败' } }],
  },
  {
    title: '组织', icon: Share, group: '组织', roles: desk,
    routes: [
      { path: '/org', name: 'org', component: org, meta: { title: '组织' } },
      { path: '/org/alliances/:alliance', name: 'alliance', component: org, meta: { title: '联盟' } },
      { path: '/org/units/:unit', name: 'unit', component: org, meta: { title: '单位' } },
    ],
  },
  {
    title: '台账', icon: Notebook, group: '台账', roles: desk,
    routes: [
      { path: '/persons', name: 'ledger', component: () => import('./pages/ledger/LedgerPage.vue'), meta: { title: '台账' } },
      { path: '/persons/shared-phones', name: 'shared-phones', component: () => import('./pages/household/SharedPhonesPage.vue'), meta: { title: '同一个电话' } },
      { path: '/persons/:id', name: 'person', component: () => import('./pages/person/PersonPage.vue'), meta: { title: '个人' } },
    ],
  },
  {
    title: '会员卡', icon: Postcard, group: '台账', roles: [...keepers, 'head'],
    routes: [{ path: '/cards', name: 'cards', component: () => import('./pages/cards/CardsPage.vue'), meta: { title: '会员卡' } }],
  },
  {
    title: '职务', icon: Key, group: '管理', roles: desk,
    routes: [{ path: '/roles', name: 'roles', component: () => import('./pages/roles/RolesPage.vue'), meta: { title: '职务' } }],
  },
  {
    title: '通知时间和渠道', icon: Bell, group: '管理', roles: ['committee_staff'],
    routes: [{ path: '/notice-rules', name: 'notice-rules', component: () => import('./pages/rules/RulesPage.vue'), meta: { title: '通知时间和渠道' } }],
  },
  {
    title: '登录着的电脑', icon: Monitor, group: '管理',
    routes: [{ path: '/sessions', name: 'sessions', component: () => import('./pages/sessions/SessionsPage.vue'), meta: { title: '登录着的电脑' } }],
  },
  {
    title: '自定义栏', icon: Grid, group: '台账', roles: ['committee_staff'],
    routes: [{ path: '/columns', name: 'columns', component: () => import('./pages/columns/ColumnsPage.vue'), meta: { title: '自定义栏' } }],
  },
  {
    title: '导入台账', icon: Upload, group: '台账', roles: ['committee_staff'],
    routes: [
      { path: '/imports', name: 'imports', component: () => import('./pages/import/ImportListPage.vue'), meta: { title: '导入台账' } },
      { path: '/imports/:id', name: 'import', component: () => import('./pages/import/ImportPage.vue'), meta: { title: '导入预览' } },
    ],
  },
  {
    title: '导出台账', icon: Download, group: '台账', roles: [...staff, 'liaison', 'head'],
    routes: [{ path: '/exports', name: 'exports', component: () => import('./pages/export/ExportPage.vue'), meta: { title: '导出台账' } }],
  },
  founding,
  elections,
  {
    title: '审计', icon: View, group: '管理', roles: ['committee_staff'],
    routes: [{ path: '/audit', name: 'audit', component: () => import('./pages/audit/AuditPage.vue'), meta: { title: '审计' } }],
  },
  {
    title: '删除个人资料', icon: Delete, group: '管理', roles: ['committee_staff'],
    routes: [
      { path: '/erasures', name: 'erasures', component: () => import('./pages/erasure/ErasuresPage.vue'), meta: { title: '删除个人资料' } },
      { path: '/erasures/:id', name: 'erasure', component: () => import('./pages/erasure/ErasurePage.vue'), meta: { title: '删除个人资料' } },
    ],
  },
]
