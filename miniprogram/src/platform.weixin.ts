import { pluginDictation } from './platform.dictation.weixin'
import { DeviceError, type Platform } from './platform.type'

// eslint-disable-next-line @typescript-eslint/no-explicit-any
declare const wx: any
// eslint-disable-next-line @typescript-eslint/no-explicit-any
declare const requirePlugin: (name: string) => any

const clips = { ok: '/static/ok.wav', already: '/static/already.wav', stop: '/static/stop.wav' }

/** Turns a callback API into a promise; a user's refusal resolves to undefined. */
function ask<T>(api: (options: object) => unknown, options: object = {}): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    api({
      ...options,
      success: (res: T) => resolve(res),
      fail: (err: { errMsg?: string }) =>
        /cancel|deny|auth/i.test(err.errMsg ?? '')
          ? resolve(undefined)
          : reject(new DeviceError('device.failed', '手机没有完成这一步')),
    })
  })
}

export const weixin: Platform = {
  origin: import.meta.env.VITE_API_ORIGIN ?? '',
  space: 'bense:',
  nativePhoneButton: true,
  ownFontSize: false,
  soon: false,

  start() {
    const manager = wx.getUpdateManager?.()
    manager?.onUpdateReady?.(() => manager.applyUpdate())
  },

  async loginCode() {
    const res = await ask<{ code: string }>(wx.login)
    if (!res?.code) throw new DeviceError('device.login', '微信没有应答')
    return res.code
  },

  phoneCode: async () => undefined,

  entered: () => wx.getEnterOptionsSync?.().scene,
  async scan() {
    const res = await ask<{ result: string }>(wx.scanCode, { scanType: ['qrCode'] })
    return res?.result
  },

  async subscribe(templates) {
    if (!templates.length) return
    // A refusal, or a switched-off main switch, must not stop what the tap was for.
    await ask(wx.requestSubscribeMessage, { tmplIds: templates.slice(0, 3).map((t) => t.id) }).catch(() => {})
  },

  async shareCard(card) {
    await ask(wx.updateShareMenu, {
      withShareTicket: true,
      isUpdatableMessage: true,
      activityId: card.activity_id,
      templateInfo: card.template_info,
    })
    return 'armed'
  },

  chatTool:
    import.meta.env.VITE_CHAT_TOOL && wx.openChatTool
      ? async (notice, room) => {
          await ask(wx.openChatTool, { url: `/packages/chattool/index?notice=${notice}`, ...(room && { roomid: room, chatType: 3 }) })
        }
      : undefined,

  async groupInfo() {
    try {
      const res = await ask<{ encryptedData: string; iv: string }>(wx.getGroupEnterInfo, { needGroupOpenID: true })
      return res ? { encrypted_data: res.encryptedData, iv: res.iv } : undefined
    } catch {
      return undefined
    }
  },

  async calendar(entry) {
    const done = await ask(wx.addPhoneCalendar, {
      title: entry.title,
      location: entry.place,
      description: entry.note,
      startTime: Math.floor(Date.parse(entry.starts_at) / 1000),
      endTime: String(Math.floor(Date.parse(entry.ends_at) / 1000)),
      alarmOffset: 7200,
    })
    return done !== undefined
  },

  // The plug-in must have been added to the appid first: see README.
  dictation: import.meta.env.VITE_VOICE_PLUGIN ? pluginDictation(() => requirePlugin('WechatSI')) : undefined,

  keys() {
    return () => {}
  },
  hasKeys: false,
  setText() {},

  async openSheet(url, token, _name, type = 'xlsx') {
    const file = await ask<{ tempFilePath: string; statusCode: number }>(wx.downloadFile, {
      url,
      header: { Authorization: `Bearer ${token}` },
    })
    if (file?.statusCode !== 200) throw new DeviceError('device.download', '表格没有下载成功')
    await ask(wx.openDocument, { filePath: file.tempFilePath, fileType: type, showMenu: true })
  },

  async picture(url, token) {
    const file = await ask<{ tempFilePath: string; statusCode: number }>(wx.downloadFile, { url, header: { Authorization: `Bearer ${token}` } })
    if (file?.statusCode !== 200) throw new DeviceError('device.download', '图片没有下载成功')
    return file.tempFilePath
  },

  async pickPicture() {
    const picked = await ask<{ tempFiles: { tempFilePath: string }[] }>(wx.chooseMedia, {
      count: 1, mediaType: ['image'], sizeType: ['compressed'], sourceType: ['album', 'camera'],
    })
    const path = picked?.tempFiles[0]?.tempFilePath
    if (!path) return undefined
    const small = await ask<{ tempFilePath: string }>(wx.compressImage, { src: path, quality: 75, compressedWidth: 1280 }).catch(() => undefined)
    const read = await ask<{ data: ArrayBuffer }>((o) => wx.getFileSystemManager().readFile(o), { filePath: small?.tempFilePath ?? path })
    return read?.data
  },

  async passPicture(path) {
    await ask(wx.showShareImageMenu, { path })
  },

  async calendarFile(url, token) {
    const filePath = `${wx.env.USER_DATA_PATH}/notice.ics` // one at a time: it is sent on, not kept
    const file = await ask<{ statusCode: number }>(wx.downloadFile, { url, filePath, header: { Authorization: `Bearer ${token}` } })
    if (file?.statusCode !== 200) throw new DeviceError('device.download', '日历没有下载成功')
    return filePath
  },

  async passCalendar(path, name) {
    await ask(wx.shareFileMessage, { filePath: path, fileName: `${name}.ics` })
  },

  call(phone) {
    wx.makePhoneCall({ phoneNumber: phone, fail: () => {} })
  },

  async copy(text) {
    await ask(wx.setClipboardData, { data: text })
  },

  vibrate() {
    wx.vibrateLong?.({ fail: () => {} })
  },

  play(clip) {
    const audio = wx.createInnerAudioContext()
    audio.obeyMuteSwitch = false
    audio.src = clips[clip]
    audio.onEnded(() => audio.destroy())
    audio.onError(() => audio.destroy())
    audio.play()
  },

  async random(bytes) {
    const res = await ask<{ randomValues: ArrayBuffer }>(wx.getRandomValues, { length: bytes })
    return new Uint8Array(res!.randomValues)
  },

  shown() {},

  filled: () => true,

  keepAwake(on) {
    wx.setKeepScreenOn?.({ keepScreenOn: on, fail: () => {} })
  },

  fontFactor: () => wx.getAppBaseInfo?.().fontSizeScaleFactor ?? 1,
  setFontFactor() {},
  setDensity() {},
}
