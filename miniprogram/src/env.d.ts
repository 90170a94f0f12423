/// <reference types="vite/client" />
declare module '*.vue' {
  import { DefineComponent } from 'vue'
  const component: DefineComponent<Record<string, unknown>, Record<string, unknown>, unknown>
  export default component
}
interface ImportMetaEnv {
  readonly VITE_API_ORIGIN?: string
  /** Version of the plug-in 微信同声传译 that was added to the appid; empty: without it. */
  readonly VITE_VOICE_PLUGIN?: string
  readonly VITE_HELP_NAME?: string
  /** Set in builds that declare a chat tool. */
  readonly VITE_CHAT_TOOL?: string
  readonly VITE_HELP_PHONE?: string
}
