/** What an error card needs: what happened, what to do. Whom to call stands below it. */
export interface Trouble {
  code: string
  status: number
  what: string
  todo: string
  fields: { field: string; message: string }[]
}

const byCode: Record<string, string> = {
  'client.offline': '请看看手机有没有信号，再点一次。',
  'client.timeout': '网络有点慢，请再点一次。',
  'client.wechat_only': '这一页要在微信里才能用。',
  'device.download': '请检查网络，再点一次。',
  'notice.call_taken': '名单已经更新，能打的都有按钮。',
  'device.microphone': '请允许用话筒，或点键盘上的话筒。',
  'device.speech_network': '请看看信号，或点键盘上的话筒。',
  'device.speech_busy': '请过一会儿再说，或自己打字。',
  'device.speech': '请离手机近一点，再说一遍。',
  'device.picture': '请换一张照片试试。',
  'notice.review': '请改几个字，或点送审，请别的同志看。',
  'notice.picture_review': '点送审，请别的同志看一看。',
  'notice.needs_approval': '点送审，看过了就会发出。',
  'notice.quiet': '请换个时间再点一次。',
  'activity.full': '想带人来，请打电话问联络员。',
  'activity.deadline': '请打电话，请联络员帮您改。',
  'device.login': '请退出微信再进来一次。',
}

const byStatus: Record<number, string> = {
  401: '请关掉这一页，重新进来。',
  403: '这件事由别的同志负责。',
  404: '可能已经撤下，请返回看看别的。',
  409: '请返回看一看最新的情况。',
  422: '请改好以后再点一次。',
  429: '点得有点快，歇一会儿再试。',
  503: '系统有点忙，过一会儿再试。',
}

/** What happened in large letters, what to do below it: the server's sentence has both. */
export function clauses(sentence: string): { first: string; rest: string } {
  const at = sentence.indexOf('，')
  return at < 0 ? { first: sentence, rest: '' } : { first: sentence.slice(0, at), rest: sentence.slice(at + 1) }
}

/** Turns whatever was thrown into words. The server's own sentence always comes first. */
export function toTrouble(err: unknown): Trouble {
  const e = (err ?? {}) as { code?: string; status?: number; message?: string; fields?: Trouble['fields'] }
  const code = typeof e.code === 'string' ? e.code : 'client.unknown'
  const status = typeof e.status === 'number' ? e.status : 0
  return {
    code,
    status,
    what: typeof e.code === 'string' && e.message ? e.message : '这一步没有成功',
    todo: byCode[code] ?? byStatus[status] ?? '请再点一次，或打电话问一问。',
    fields: e.fields ?? [],
  }
}
