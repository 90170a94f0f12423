import { expect, test, type APIRequestContext } from '@playwright/test'
import { look } from './desk'
import { got, office, phoneIn, phoneOf, signIn, type Phone } from './phones'

/** The head agrees to one more message, then publishes a notice whose message meets a fault of WeChat's. */
async function publish(request: APIRequestContext, head: Phone, title: string, fault: object) {
  const stock = async () => (await got(request, head, '/api/v1/subscriptions/templates')).items.find((t: { template: string }) => t.template === 'activity_notice')
  const before = (await stock()).remaining
  await expect.poll(async () => { // two agreements within a second are one event
    await got(request, head, '/demo/subscribe', { frame: 'head', templates: { [(await stock()).id]: 'accept' } })
    await got(request, head, '/emulator/client/flush', {})
    return (await stock()).remaining
  }).toBeGreaterThan(before)
  await got(request, head, '/emulator/faults', { endpoint: 'message/subscribe/send', times: 1, ...fault })
  const me = await got(request, head, '/api/v1/me')
  const { alliance_id } = me.roles.find((r: { role: string }) => r.role === 'head')
  const made = await got(request, head, '/api/v1/notices', { alliance_id, title, body: '请各位老同志准时参加。' })
  await got(request, head, `/api/v1/notices/${made.id}/publish`, { revision: made.revision })
  return made.id as string
}

test('a message that failed is sent again by the office, one that may have arrived only on purpose', async ({ page, request }) => {
  const head = await phoneIn(request, 'head')
  const lost = await publish(request, head, '关于重阳节茶话会的通知', { errcode: 40037 })
  const headers = await phoneOf(request, office)
  const counts = () => got(request, headers, '/api/v1/failed-messages/counts')
  await expect.poll(counts).toEqual({ failed: 1, unknown: 0, resting: [] })
  const unsure = await publish(request, head, '关于参观黄河文化馆的通知', { body: 'truncated' })
  await expect.poll(counts).toEqual({ failed: 1, unknown: 1, resting: [] })

  await signIn(page, request, headers)
  const todo = page.getByRole('region', { name: '没有发到手机上的提醒' })
  await expect(todo).toContainText('不知道收到没有 1 条')
  await look(page, '待办里有没发出去的提醒')
  await todo.getByRole('link', { name: '没有发出 1 条' }).click()

  const failed = page.getByRole('region', { name: /^没有发出/ })
  await expect(failed.getByText('消息模板不对或已被删除，请系统管理员核对')).toBeVisible()
  await expect(failed.getByRole('button', { name: '重发' })).toBeDisabled()
  await look(page, '发送失败')
  await failed.getByRole('table').locator('tbody .el-checkbox').click()
  await failed.getByRole('button', { name: '重发 1 条' }).click()
  await expect(page.getByText('1 条已重新发送，稍后刷新看结果。')).toBeVisible()
  await expect(failed.getByText('没有发送失败的消息')).toBeVisible()

  const maybe = page.getByRole('region', { name: /^不知道收到没有/ })
  await maybe.getByRole('table').locator('thead .el-checkbox').click()
  await maybe.getByRole('button', { name: '仍要重发 1 条' }).click()
  const dialog = page.getByRole('dialog', { name: '可能已经收到，仍要重发？' })
  await expect(dialog.getByRole('button', { name: '重发', exact: true })).toBeDisabled()
  await look(page, '可能已经收到')
  await dialog.getByText('我知道可能重复，仍要重发').click()
  await dialog.getByRole('button', { name: '重发', exact: true }).click()
  await expect(maybe.getByText('没有这样的消息')).toBeVisible()
  await look(page, '都处理完了')

  for (const id of [lost, unsure]) { // both are out now, and nobody is disturbed by this film any more
    await expect.poll(async () => (await got(request, headers, `/api/v1/notices/${id}/timeline`)).sent).toBe(1)
    await got(request, headers, `/api/v1/notices/${id}/cancel`, { reason: '试验' })
  }
})
