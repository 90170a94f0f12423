import { computed, ref } from 'vue'
import { useSubmit } from '../../composables/useSubmit'

/** Deciding about what somebody else wrote: yes, or back with a word. */
export function useJudge(yes: () => Promise<unknown>, no: (remark: string) => Promise<unknown>) {
  const returning = ref(false)
  const remark = ref('')
  const approve = useSubmit(yes)
  const giveBack = useSubmit(async () => {
    await no(remark.value.trim())
    returning.value = false
  })
  return {
    returning, remark, approve, giveBack,
    deciding: computed(() => approve.state.value === 'loading' || giveBack.state.value === 'loading'),
    failure: computed(() => approve.trouble.value || giveBack.trouble.value),
  }
}
