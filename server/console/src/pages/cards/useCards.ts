import { ref } from 'vue'
import { issueCards, reissueCard, saveCards, type CardList, type CardScope } from '@/api/cards'
import { toTrouble } from '@/api/problem'
import { fileName, reissueSentence } from './words'

/** What is done with cards; `changed` reads them anew. One thing at a time. */
export function useCards(changed: () => Promise<void>) {
  const busy = ref('')
  const trouble = ref('')

  async function once(what: string, work: () => Promise<void>) {
    if (busy.value) return
    busy.value = what
    trouble.value = ''
    try {
      await work()
    } catch (err) {
      const t = toTrouble(err)
      trouble.value = [t.what, t.todo].filter(Boolean).map((s) => s.replace(/。$/, '')).join('。') + '。'
    } finally {
      busy.value = ''
    }
  }

  const print = (scope: CardScope, list: CardList, file = 1) =>
    once(`print${file}`, () => saveCards(scope, fileName(list.name, file, list.files), file))

  const issue = (scope: CardScope, list: CardList) =>
    once('issue', async () => {
      const made = await issueCards(scope)
      await changed()
      for (let file = 1; file <= made.files; file++) {
        await saveCards(scope, fileName(`${list.name}新发`, file, made.files), file, made.issued_at)
      }
      ElMessage.success(made.issued ? `已给 ${made.issued} 人发卡，文件已下载，可以打印` : '在册的人都有卡了')
    })

  async function reissue(person: string, name: string, cards: number) {
    try {
      await ElMessageBox.confirm(reissueSentence(name, cards), cards ? '挂失补发' : '发卡', {
        confirmButtonText: cards ? '作废旧卡，发新卡' : '发卡', cancelButtonText: '取消',
      })
    } catch {
      return
    }
    await once(person, async () => {
      const done = await reissueCard(person)
      await changed()
      await saveCards({ of: 'persons', id: person }, fileName(name, 1, 1))
      ElMessage.success(done.revoked ? `${done.revoked} 张旧卡已作废，新卡已下载，可以打印` : '新卡已下载，可以打印')
    })
  }
  return { busy, trouble, print, issue, reissue }
}
