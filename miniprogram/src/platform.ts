// #ifdef H5
import { h5 } from './platform.h5'
// #endif
// #ifdef MP-WEIXIN
import { weixin } from './platform.weixin'
// #endif
import type { Answered, Asked } from './api/client'
import type { Platform } from './platform.type'

export let platform!: Platform
// #ifdef H5
platform = h5
// #endif
// #ifdef MP-WEIXIN
platform = weixin
// #endif

/** One HTTP exchange. Status 0 means that no answer came. */
export function send(asked: Asked): Promise<Answered> {
  return new Promise((resolve) => {
    uni.request({
      url: asked.url,
      // uni's own types know no PATCH, both targets do.
      method: asked.method as 'POST',
      data: asked.body as object,
      timeout: asked.patience ?? (asked.body instanceof ArrayBuffer ? 60_000 : 15_000),
      header: {
        'Content-Type': asked.body instanceof ArrayBuffer ? 'application/octet-stream' : 'application/json',
        ...(asked.token ? { Authorization: `Bearer ${asked.token}` } : {}),
      },
      success: (res) =>
        resolve({ status: res.statusCode, data: parsed(res.data), headers: lower(res.header) }),
      fail: (err) =>
        resolve({
          status: 0,
          data: /timeout/i.test(err.errMsg ?? '')
            ? { code: 'client.timeout', message: '等了很久，还没有回音' }
            : { code: 'client.offline', message: '网络没有连上' },
          headers: {},
        }),
    })
  })
}

export function read(key: string): string | undefined {
  return uni.getStorageSync(platform.space + key) || undefined
}

export function write(key: string, value: string): void {
  uni.setStorageSync(platform.space + key, value)
}

export function erase(key: string): void {
  uni.removeStorageSync(platform.space + key)
}

function parsed(data: unknown): unknown {
  // problem+json arrives as text where only application/json is parsed.
  if (typeof data !== 'string' || !/^[[{]/.test(data)) return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

function lower(header: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries((header ?? {}) as Record<string, string>).map(([k, v]) => [k.toLowerCase(), v]),
  )
}
