import { beforeEach, describe, expect, it, vi } from 'vitest'

vi.stubGlobal('Page', vi.fn())
const { page } = await import('../src/chattool/index')

type Options = Record<string, any>
const named = (id: string, number: string) => ({ person_id: id, name: `人${id}`, unit: '水利局', number })
let answers: Record<string, { statusCode: number; data: unknown } | 'offline'>
let calls: Options[]
let wx: Record<string, any>

/** The page as WeChat makes one. */
function opened() {
  const tool = { ...page, data: { ...page.data }, setData(this: { data: object }, d: object) { Object.assign(this.data, d) } }
  return tool as typeof tool & { onLoad(q: object): Promise<void>; remind(): Promise<void>; pick(): Promise<void>; remindPicked(): Promise<void> }
}
async function forHead() {
  const tool = opened()
  await tool.onLoad({ notice: '31' })
  return tool
}

beforeEach(() => {
  calls = []
  answers = {
    '/notices/31/chat-tool': { statusCode: 200, data: { title: '七一主题党日', coming: true, unnamed: 1, people: [named('1', 'a'), named('2', 'b'), named('3', 'b'), named('4', '')] } },
    '/notices/31/chat-tool/named': { statusCode: 200, data: { count: 2 } },
  }
  wx = {
    getAppBaseInfo: () => ({ fontSizeScaleFactor: 1.4 }), getMenuButtonBoundingClientRect: () => ({ bottom: 80 }),
    getStorageSync: () => JSON.stringify({ token: 'tok' }), reLaunch: vi.fn(),
    getChatToolInfo: (o: Options) => o.success({ encryptedData: 'e', iv: 'i' }),
    selectGroupMembers: (o: Options) => o.success({ members: ['b', 'stranger'] }),
    notifyGroupMembers: vi.fn((o: Options) => o.success({ errMsg: 'ok' })),
    request: (o: Options) => {
      calls.push(o)
      const a = answers[o.url.split('/api/v1')[1]]
      if (!a || a === 'offline') o.fail({})
      else o.success(a)
    },
  }
  vi.stubGlobal('wx', wx)
})

describe('the chat tool', () => {
  it('lists who is silent and names those whom WeChat knows, each once', async () => {
    const tool = await forHead()
    expect(tool.data).toMatchObject({ state: 'done', title: '七一主题党日', named: 2, unnamed: 1, size: 28, top: 88 })
    expect(calls[0]).toMatchObject({ method: 'POST', data: { encrypted_data: 'e', iv: 'i' }, header: { Authorization: 'Bearer tok' } })
    await tool.remind()
    expect(wx.notifyGroupMembers.mock.calls[0][0]).toMatchObject({ title: '七一主题党日', members: ['a', 'b'], entrancePath: '/packages/chattool/index?open=31', type: 'participate' })
    expect(calls[1].data).toEqual({ group: { encrypted_data: 'e', iv: 'i' }, person_ids: ['1', '2', '3'] })
    expect(tool.data.done).toBe('已在群里提醒了2位。')
  })
  it('lets the head choose, which is a tap of its own', async () => {
    const tool = await forHead()
    await tool.pick()
    expect(tool.data.picked).toBe(2)
    expect(wx.notifyGroupMembers).not.toHaveBeenCalled()
    await tool.remindPicked()
    expect(wx.notifyGroupMembers.mock.calls[0][0].members).toEqual(['b', 'stranger'])
    expect(calls[1].data.person_ids).toEqual(['2', '3'])
    expect(tool.data).toMatchObject({ picked: 0, done: '已在群里提醒了2位。' })
  })
  it('notes nothing of what was not sent', async () => {
    wx.notifyGroupMembers = (o: Options) => o.fail({ errMsg: 'notifyGroupMembers:fail cancel' })
    const tool = await forHead()
    await tool.remind()
    expect(calls).toHaveLength(1)
    expect(tool.data).toMatchObject({ state: 'done', done: '' })
    wx.notifyGroupMembers = (o: Options) => o.fail({ errMsg: 'notifyGroupMembers:fail no permission' })
    await tool.remind()
    expect(calls).toHaveLength(1)
    expect(tool.data.what).toContain('微信没有完成')
  })
  it('says that it was sent also when it could not be noted', async () => {
    answers['/notices/31/chat-tool/named'] = 'offline'
    const tool = await forHead()
    await tool.remind()
    expect(tool.data.done).toContain('只是进展里没有记上')
  })
  it.each([
    [{ statusCode: 409, data: { message: '这个群不是联盟的群，请退回去，选联盟的群' } }, '选联盟的群'],
    [{ statusCode: 401, data: {} }, '请退回通知进展'],
    [{ statusCode: 502, data: '<html>' }, '打电话通知'],
    ['offline' as const, '网络没有连上'],
  ])('says what is wrong: %j', async (answer, words) => {
    answers['/notices/31/chat-tool'] = answer
    const tool = await forHead()
    expect(tool.data).toMatchObject({ state: 'error' })
    expect(tool.data.what).toContain(words)
  })
  it('needs a session, a notice and a WeChat that has it', async () => {
    wx.getStorageSync = () => ''
    expect((await forHead()).data.what).toContain('请退回通知进展')
    wx.getChatToolInfo = undefined
    expect((await forHead()).data.what).toContain('太旧')
    const lost = opened()
    await lost.onLoad({})
    expect(lost.data).toMatchObject({ state: 'error', again: false })
  })
  it('takes a member from the group to the notice', async () => {
    await opened().onLoad({ open: '31' })
    expect(wx.reLaunch).toHaveBeenCalledWith({ url: '/packages/notice/detail?id=31&via=group' })
    expect(calls).toHaveLength(0)
  })

  it('is opened in the group of the alliance, and only by builds that have it', async () => {
    const phone = async () => {
      vi.resetModules()
      return (await import('../src/platform.weixin')).weixin
    }
    wx.openChatTool = vi.fn((o: Options) => o.success({}))
    expect((await phone()).chatTool).toBeUndefined()
    vi.stubEnv('VITE_CHAT_TOOL', '1')
    const { chatTool } = await phone()
    await chatTool!('31', 'room')
    await chatTool!('31', '')
    expect(wx.openChatTool.mock.calls.map(([o]: [Options]) => [o.url, o.roomid, o.chatType])).toEqual([
      ['/packages/chattool/index?notice=31', 'room', 3], ['/packages/chattool/index?notice=31', undefined, undefined],
    ])
    delete wx.openChatTool
    expect((await phone()).chatTool).toBeUndefined()
    vi.unstubAllEnvs()
  })
})
