/** An answer that is not a success: the server's problem, or the lack of a connection (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: { field: string; message: string }[] = [],
    readonly retryAfter = 0,
  ) {
    super(message)
    this.name = 'Problem'
  }

  /** True when the same request may succeed later without anybody changing anything. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export const offline = () => new Problem(0, 'client.offline', '连不上服务器')

/** Reads problem+json; anything else (a proxy's HTML page) gets a sentence of our own. */
export function toProblem(status: number, body: unknown, retryAfter = 0): Problem {
  const b = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>
  const known = typeof b.code === 'string'
  return new Problem(
    status,
    known ? b.code! : 'client.answer',
    known && b.message ? b.message : '服务暂时没有应答',
    known && Array.isArray(b.fields) ? b.fields : [],
    retryAfter,
  )
}

/** What an error state needs: what happened, what to do. */
export interface Trouble {
  code: string
  status: number
  what: string
  todo: string
  /** By the body's key, without the path before it. */
  fields: Record<string, string>
}

const byCode: Record<string, string> = {
  'client.offline': '请看看这台电脑的网络，再点一次。',
}

const byStatus: Record<number, string> = {
  401: '请重新扫码登录。',
  403: '这件事由别的同志负责，需要时请与老干部局联系。',
  404: '可能已经撤下，或不在您负责的范围。',
  409: '请刷新一下，看看最新的情况。',
  422: '请改好标红的地方，再点一次。',
  429: '点得有点快，歇一会儿再试。',
  503: '系统有点忙，过一会儿再试。',
}

/** Turns whatever was thrown into words. The server's own sentence always comes first. */
export function toTrouble(err: unknown): Trouble {
  const p = err instanceof Problem ? err : undefined
  return {
    code: p?.code ?? 'client.unknown',
    status: p?.status ?? 0,
    what: p?.message || '这一步没有成功',
    todo: (p && (byCode[p.code] ?? byStatus[p.status])) ?? '请再点一次；还是不行，请与老干部局联系。',
    fields: Object.fromEntries((p?.fields ?? []).map((f) => [f.field.replace(/^body\./, ''), f.message])),
  }
}
