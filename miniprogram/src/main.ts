import { createSSRApp, reactive } from 'vue'
import * as Pinia from 'pinia'
import App from './App.vue'
import { connect } from './api/session'
import { sweepPacks } from './composables/usePack'
import { useSession } from './composables/useSession'
import { platform, read, send, write } from './platform'

export function createApp() {
  const app = createSSRApp(App)
  app.use(Pinia.createPinia())

  const session = useSession()
  connect(
    {
      base: `${platform.origin}/api/v1`,
      send,
      loginCode: () => platform.loginCode(),
      read,
      write,
    },
    (me) => {
      sweepPacks(me.account_id)
      session.set(me)
    },
  )

  // What ui/Screen needs from above, so that ui/ itself imports nothing.
  app.provide(
    'frame',
    reactive({
      get help() {
        return session.help
      },
      get tabs() {
        return [
          ...(session.bound || !session.works ? [{ path: '/pages/home/index', word: '活动' }] : []),
          ...(session.bound || !session.works ? [{ path: '/pages/sign/index', word: '签到' }] : []),
          ...(session.works ? [{ path: '/pages/work/index', word: '工作' }] : []),
          { path: '/pages/mine/index', word: '我的' },
        ]
      },
      get online() {
        return session.online
      },
      call: (phone: string) => platform.call(phone),
    }),
  )
  return { app, Pinia }
}
