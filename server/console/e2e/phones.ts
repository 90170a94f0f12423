import { expect, type APIRequestContext, type Page } from '@playwright/test'

export type Phone = { Authorization: string }

/** The office of the demo, and a colleague whom it takes on. */
export const office = { name: '老干部局', phone: '19900029999' }
export const colleague = { name: '复核经办', phone: '19900029997' }

/** Anybody's phone: signed in through the simulated WeChat, with the number proved where there is one. */
export async function phoneOf(request: APIRequestContext, user: { name: string; phone?: string }): Promise<Phone> {
  const mint = async (what: string) => (await (await request.post(`/emulator/client/${what}`, { data: user })).json()).code
  const { token } = await (await request.post('/api/v1/sessions', { data: { code: await mint('login-code') } })).json()
  const headers = { Authorization: `Bearer ${token}` }
  if (user.phone) {
    const me = await (await request.get('/api/v1/me', { headers })).json()
    if (!me.roles.length) await request.post('/api/v1/me/phone', { headers, data: { code: await mint('phone-code') } })
  }
  return headers
}

/** The phone of one of the demo's frames: head, member or liaison. */
export async function phoneIn(request: APIRequestContext, frame: string): Promise<Phone> {
  const { code } = await (await request.post('/demo/login-code', { data: { frame } })).json()
  const { token } = await (await request.post('/api/v1/sessions', { data: { code } })).json()
  return { Authorization: `Bearer ${token}` }
}

/** Signs a page in as a desk is: its code is scanned and approved with a phone. */
export async function signIn(page: Page, request: APIRequestContext, headers: Phone): Promise<void> {
  const made = page.waitForResponse((r) => r.url().endsWith('/console/logins'))
  await page.goto('/console/login')
  const offer = await (await made).json()
  const waiting = await (await request.post('/api/v1/me/console-logins', { headers, data: { code: offer.qr } })).json()
  expect(waiting.number).toBe(offer.number)
  expect((await request.post(`/api/v1/me/console-logins/${waiting.id}/approve`, { headers })).status()).toBe(204)
  await expect(page.getByText('，您好')).toBeVisible()
}

/** Says yes on the phone to the question that the desktop asks next. */
export async function approve(page: Page, request: APIRequestContext, headers: Phone): Promise<void> {
  await expect(page.getByLabel('核对数字')).toBeVisible()
  const { items } = await (await request.get('/api/v1/me/confirmations', { headers })).json()
  expect((await request.post(`/api/v1/me/confirmations/${items[0].id}/approve`, { headers })).status()).toBe(204)
}

/** What a call of the phone answers; it has to succeed. */
export async function got(request: APIRequestContext, headers: Phone, path: string, data?: unknown) {
  const r = await (data === undefined ? request.get(path, { headers }) : request.post(path, { headers, data }))
  expect(r.ok(), `${path}: ${r.status()} ${await r.text()}`).toBe(true)
  return r.status() === 204 ? undefined : r.json()
}
