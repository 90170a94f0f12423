import { reactive, readonly } from 'vue'
import { Cancelled } from './useConfirmOnPhone'

const dialog = reactive({ open: false, title: '', hint: '', examples: [] as string[] })
let answer: { resolve: (reason: string) => void; reject: (err: unknown) => void } | undefined

/** Asks why, in the one dialog of App.vue; rejects with Cancelled when it is closed. */
export function useReason() {
  return function ask(title: string, hint: string, examples: string[] = []): Promise<string> {
    give(undefined)
    Object.assign(dialog, { open: true, title, hint, examples })
    return new Promise((resolve, reject) => (answer = { resolve, reject }))
  }
}

export function useReasonDialog() {
  return { dialog: readonly(dialog), give }
}

function give(reason: string | undefined): void {
  const a = answer
  answer = undefined
  dialog.open = false
  if (reason) a?.resolve(reason)
  else a?.reject(new Cancelled())
}
