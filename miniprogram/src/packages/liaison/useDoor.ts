import { computed, ref, shallowRef } from 'vue'
import { createGate, readCode } from '../../composables/codes'
import { knownBy, loadPack, packOf } from '../../composables/usePack'
import type { Desk } from '../../composables/useCheckin'
import { useSession } from '../../composables/useSession'
import { useSubmit } from '../../composables/useSubmit'
import { DeviceError } from '../../platform.type'
import { useDesk, type DeskResult, type Known } from './useDesk'

/** A question of an earlier scan that nobody has answered: the queue has moved on meanwhile. */
export interface Question { result: DeskResult; item: Desk }

/** The door: one code after another, each answered by the server or, without it, by the phone. */
export function useDoor(list: () => string) {
  const session = useSession()
  const desk = useDesk(list)
  const gate = createGate()
  const questions = shallowRef<Question[]>([])
  const undone = ref('')
  const busy = computed(() => desk.state.value === 'loading')

  const wrong = useSubmit(async (kind: string) => {
    throw new DeviceError('checkin.invalid_code', kind === 'venue' ? '这是现场的码，请扫老同志的码' : '这不是签到码')
  })

  async function seen(raw: string) {
    if (!gate.pass(raw.trim())) return
    const code = readCode(raw)
    undone.value = ''
    desk.annul.clear()
    if (code.kind !== 'member' && code.kind !== 'card') return void wrong.run(code.kind)
    wrong.clear()
    set(aside())
    const item: Desk = { door: code.kind === 'card' ? 'card' : 'scan', code: code.text }
    await desk.send(item, '', () => known(code.text))
    if (desk.state.value === 'error') gate.forget()
  }

  function known(text: string): Known | undefined {
    return knownBy(list(), text)
  }

  const asks = (r: DeskResult | undefined) => !!r && !r.kept && (r.answer === 'on_leave' || r.answer === 'not_on_list') && !!r.person

  /** The question on the screen steps back when the next one comes. */
  function aside(): Question[] {
    const r = desk.result.value
    if (!r || !asks(r) || !desk.last.value) return questions.value
    return [{ result: r, item: desk.last.value }, ...questions.value.filter((q) => q.result.person!.id !== r.person!.id)].slice(0, 4)
  }
  function set(next: Question[]) {
    questions.value = next
    desk.result.value = undefined
  }

  const extra = (r: DeskResult) => (r.answer === 'on_leave' ? { leave_to_present: true } : { walk_in: true })
  const yes = () => desk.insist(extra(desk.result.value!))
  function yesTo(q: Question) {
    set(aside().filter((other) => other !== q))
    return desk.insist(extra(q.result), q.result, q.item)
  }

  async function undo() {
    const person = desk.result.value?.person
    if (!person || !(await desk.annul.run(person.id))) return
    undone.value = `${person.name}的签到已撤销`
    desk.result.value = undefined
    gate.forget()
  }

  /** The list's people onto the phone, while there is network; without it yesterday's copy serves. */
  const packed = ref<'' | 'ready' | 'full' | 'missing'>('')
  async function pack() {
    try {
      await session.ready()
      packed.value = (await loadPack(list(), session.me?.account_id ?? '')) ? 'ready' : 'full'
    } catch {
      packed.value = packOf(list()) ? 'ready' : 'missing'
    }
  }

  return { ...desk, busy, wrong, seen, questions, yes, yesTo, undo, undone, pack, packed }
}
