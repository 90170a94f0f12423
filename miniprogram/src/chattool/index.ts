/**
 * The page inside of WeChat's chat tool, where a tap of the head names in the group who has not answered. WeChat wants
 * it in an independent package drawn by Skyline, which uni-app does not build: so it is a native page of its own, which
 * shares nothing with the others but the session in the phone's storage. See vite.chattool.ts.
 */
import type { Output } from '../api/types'

// eslint-disable-next-line @typescript-eslint/no-explicit-any
declare const wx: any
declare function Page(page: object): void

type Naming = Output<'POST /notices/{id}/chat-tool'>
type Group = { encrypted_data: string; iv: string }
const HERE = '/packages/chattool/index'

class Trouble extends Error {}

/** A callback API as a promise; a user's refusal is undefined. */
function ask<T>(api: ((o: object) => void) | undefined, options: object = {}): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (!api) return reject(new Trouble('这个微信版本太旧，不能在群里点名。请更新微信，或打电话通知。'))
    api({
      ...options,
      success: resolve,
      fail: (err: { errMsg?: string }) => (/cancel/i.test(err.errMsg ?? '') ? resolve(undefined) : reject(new Trouble('微信没有完成这一步，请再点一次，或打电话通知。'))),
    })
  })
}

function post<T>(path: string, data: object): Promise<T> {
  return new Promise((resolve, reject) => {
    let token = ''
    try {
      token = JSON.parse(wx.getStorageSync('bense:session')).token
    } catch {
      return reject(new Trouble('请退回通知进展，再点一次“在群里提醒”。'))
    }
    wx.request({
      url: `${import.meta.env.VITE_API_ORIGIN}/api/v1${path}`, method: 'POST', data, timeout: 15_000, header: { Authorization: `Bearer ${token}` },
      success: (res: { statusCode: number; data: T & { message?: string } }) => {
        if (res.statusCode === 200) resolve(res.data)
        else if (res.statusCode === 401) reject(new Trouble('请退回通知进展，再点一次“在群里提醒”。'))
        else reject(new Trouble(res.data?.message ? `${res.data.message}。` : '名单没有取到，请再点一次，或打电话通知。'))
      },
      fail: () => reject(new Trouble('网络没有连上，请看看手机信号，再点一次。')),
    })
  })
}

const start = {
  state: 'loading' as 'loading' | 'done' | 'error', title: '', coming: true, people: [] as Naming['people'], named: 0, unnamed: 0, picked: 0, done: '', what: '',
  again: true, size: 20, top: 44,
}

interface Tool { data: typeof start; notice: string; group?: Group; chosen: string[]; setData(data: Partial<typeof start>): void; load(): Promise<void> }

/** Names people of the group; what WeChat has sent is sent, also where noting it fails. */
async function name(tool: Tool, numbers: string[]) {
  const { data } = tool
  const people = data.people.filter((p) => p.number && numbers.includes(p.number))
  try {
    const sent = await ask(wx.notifyGroupMembers, {
      title: data.title, members: numbers, entrancePath: `${HERE}?open=${tool.notice}`, type: data.coming ? 'participate' : 'complete',
    })
    if (!sent) return
  } catch (err) {
    return tool.setData({ state: 'error', what: (err as Error).message })
  }
  tool.chosen = []
  tool.setData({ done: `已在群里提醒了${numbers.length}位。`, picked: 0 })
  if (!people.length) return
  await post(`/notices/${tool.notice}/chat-tool/named`, { group: tool.group, person_ids: people.map((p) => p.person_id) })
    .catch(() => tool.setData({ done: `已在群里提醒了${numbers.length}位，只是进展里没有记上。` }))
}

export const page = {
  data: start,
  notice: '',
  group: undefined as Group | undefined,
  chosen: [] as string[],

  onLoad(this: Tool, query: { notice?: string; open?: string }) {
    // A member has tapped the link in the group: on to the notice, out of the chat tool.
    if (query.open) return wx.reLaunch({ url: `/packages/notice/detail?id=${query.open}&via=group` })
    const factor = Math.min(2, Math.max(1, wx.getAppBaseInfo?.().fontSizeScaleFactor ?? 1))
    this.setData({ size: 20 * factor, top: wx.getMenuButtonBoundingClientRect?.().bottom + 8 || 44 })
    this.notice = query.notice ?? ''
    if (!this.notice) return this.setData({ state: 'error', what: '请从通知进展里点“在群里提醒”。', again: false })
    return this.load()
  },

  async load(this: Tool) {
    this.setData({ state: 'loading', what: '', done: '' })
    try {
      const info = await ask<{ encryptedData: string; iv: string }>(wx.getChatToolInfo)
      if (!info) throw new Trouble('请再点一次，选联盟的群。')
      this.group = { encrypted_data: info.encryptedData, iv: info.iv }
      const got = await post<Naming>(`/notices/${this.notice}/chat-tool`, this.group)
      const named = new Set(got.people.map((p) => p.number).filter(Boolean)).size
      this.setData({ state: 'done', title: got.title, coming: got.coming, people: got.people, named, unnamed: got.unnamed })
    } catch (err) {
      this.setData({ state: 'error', what: (err as Error).message })
    }
  },

  /** WeChat takes this only from a tap. */
  remind(this: Tool) {
    return name(this, [...new Set(this.data.people.map((p) => p.number).filter(Boolean))])
  },
  /** Choosing is one tap, naming those chosen another. */
  async pick(this: Tool) {
    try {
      const got = await ask<{ members: string[] }>(wx.selectGroupMembers)
      if (!got?.members.length) return
      this.chosen = got.members
      this.setData({ picked: got.members.length, done: '' })
    } catch (err) {
      this.setData({ state: 'error', what: (err as Error).message })
    }
  },
  remindPicked(this: Tool) {
    return name(this, this.chosen)
  },

  leave() {
    wx.navigateBack({ fail: () => wx.reLaunch({ url: '/pages/home/index' }) })
  },
  phone() {
    wx.makePhoneCall({ phoneNumber: import.meta.env.VITE_HELP_PHONE, fail: () => {} })
  },
}

Page(page)
