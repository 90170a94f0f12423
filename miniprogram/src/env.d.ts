/// <reference types="vite/client" />
declare module '*.vue' {
  import { DefineComponent } from 'vue'
  const component: DefineComponent<Record<string, unknown>, Record<string, unknown>, unknown>
  export default component
}
interface ImportMetaEnv {
  readonly VITE_API_ORIGIN?: string
  readonly VITE_HELP_NAME?: string
  /** Set in builds that declare a chat tool. */
  readonly VITE_CHAT_TOOL?: string
  readonly VITE_HELP_PHONE?: string
}
