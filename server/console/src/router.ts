import { createRouter, createWebHistory, type RouterHistory } from 'vue-router'
import { useSession } from './api/session'
import { features } from './menu'

declare module 'vue-router' {
  interface RouteMeta {
    /** Stands in the window's title and in the head of the page. */
    title?: string
    /** Reachable without a session. */
    open?: boolean
  }
}

/** The console's addresses: the sign-in page, and everything else inside the shell. */
export function createConsoleRouter(history: RouterHistory = createWebHistory('/console/')) {
  const router = createRouter({
    history,
    routes: [
      { path: '/login', name: 'login', component: () => import('./pages/login/LoginPage.vue'), meta: { title: '扫码登录', open: true } },
      {
        path: '/',
        component: () => import('./shell/Shell.vue'),
        children: [
          ...features.flatMap((f) => f.routes),
          { path: '/:any(.*)*', name: 'missing', component: () => import('./shell/MissingPage.vue'), meta: { title: '没有这一页' } },
        ],
      },
    ],
  })
  router.beforeEach((to) => {
    const session = useSession()
    if (!to.meta.open && !session.perhaps) return { name: 'login', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
    if (to.name === 'login' && session.perhaps) return { path: '/' }
  })
  router.afterEach((to) => {
    document.title = `${to.meta.title ? `${to.meta.title} · ` : ''}本色家园`
  })
  return router
}
