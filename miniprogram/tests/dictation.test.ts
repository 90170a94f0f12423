import { mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { h } from 'vue'
import { useDictation } from '@/composables/useDictation'
import { platform } from '@/platform'
import { browserDictation } from '@/platform.dictation.h5'
import { pluginDictation } from '@/platform.dictation.weixin'
import { DeviceError, type Hearing } from '@/platform.type'

const hearing = () => ({ heard: vi.fn(), ended: vi.fn(), failed: vi.fn() })

describe('the browser', () => {
  class Recognition {
    static last: Recognition
    lang = ''
    start = vi.fn()
    stop = vi.fn()
    onresult!: (e: object) => void
    onerror!: (e: object) => void
    onend!: () => void
    constructor() {
      Recognition.last = this
    }
  }
  const said = (...parts: string[]) => ({ results: parts.map((transcript) => [{ transcript }]) })

  it('is asked only where it can', () => {
    expect(browserDictation({})).toBeUndefined()
    expect(browserDictation({ webkitSpeechRecognition: Recognition })?.by).toBe('上网软件')
  })

  it('tells what was said so far and at the end', () => {
    const to = hearing()
    const stop = browserDictation({ SpeechRecognition: Recognition })!.start(to)
    const r = Recognition.last
    expect([r.lang, r.start.mock.calls.length]).toEqual(['zh-CN', 1])
    r.onresult(said('请带好', '水杯'))
    expect(to.heard).toHaveBeenLastCalledWith('请带好水杯')
    stop()
    expect(r.stop).toHaveBeenCalledOnce()
    r.onend()
    expect(to.ended.mock.calls).toEqual([['请带好水杯']])
  })

  it.each([['not-allowed', 'device.microphone'], ['audio-capture', 'device.microphone'], ['network', 'device.speech_network'], ['language-not-supported', 'device.speech']])(
    'says once why %s', (error, code) => {
      const to = hearing()
      browserDictation({ SpeechRecognition: Recognition })!.start(to)
      Recognition.last.onerror({ error })
      Recognition.last.onend()
      expect(to.failed.mock.calls[0][0]).toMatchObject({ code })
      expect(to.ended).not.toHaveBeenCalled()
    },
  )

  it('takes silence for an end', () => {
    const to = hearing()
    browserDictation({ SpeechRecognition: Recognition })!.start(to)
    Recognition.last.onerror({ error: 'no-speech' })
    Recognition.last.onend()
    expect(to.failed).not.toHaveBeenCalled()
    expect(to.ended).toHaveBeenCalledWith('')
  })
})

describe('the plug-in', () => {
  const manager = () => ({ start: vi.fn(), stop: vi.fn(), onRecognize: (_: object) => {}, onStop: (_: object) => {}, onError: (_: object) => {} })

  it('is absent when the appid does not have it', () => {
    expect(pluginDictation(() => { throw new Error('plugin is not defined') })).toBeUndefined()
  })

  it('tells what was said', () => {
    const [m, to] = [manager(), hearing()]
    const stop = pluginDictation(() => ({ getRecordRecognitionManager: () => m }))!.start(to)
    expect(m.start).toHaveBeenCalledWith({ lang: 'zh_CN', duration: 60_000 })
    m.onRecognize({ result: '请带' })
    expect(to.heard).toHaveBeenCalledWith('请带')
    stop()
    m.onStop({ result: '请带好水杯。' })
    m.onError({ retcode: -30012 })
    expect([m.stop.mock.calls.length, to.ended.mock.calls, to.failed.mock.calls]).toEqual([1, [['请带好水杯。']], []])
  })

  it.each([[-30001, 'device.microphone'], [-30008, 'device.speech_network'], [-40001, 'device.speech_busy'], [-30005, 'device.speech']])('names %i', (retcode, code) => {
    const [m, to] = [manager(), hearing()]
    pluginDictation(() => ({ getRecordRecognitionManager: () => m }))!.start(to)
    m.onError({ retcode })
    expect(to.failed.mock.calls[0][0]).toMatchObject({ code })
  })
})

describe('speaking on a page', () => {
  let to: Hearing
  const stop = vi.fn()
  const write = vi.fn()
  beforeEach(() => {
    stop.mockReset()
    write.mockReset()
    platform.dictation = { by: '微信', start: (hearing) => ((to = hearing), stop) }
  })
  function opened() {
    let voice!: ReturnType<typeof useDictation>
    const page = mount({ setup: () => ((voice = useDictation(write)), () => h('view')) })
    return { voice, leave: () => page.unmount() }
  }

  it('writes once, after the tap that ends it', () => {
    const { voice } = opened()
    voice.start()
    voice.start()
    to.heard('请带')
    expect([voice.state.value, voice.heard.value]).toEqual(['listening', '请带'])
    voice.stop()
    voice.stop()
    expect([voice.state.value, stop.mock.calls.length]).toEqual(['ending', 1])
    to.ended(' 请带好水杯。 ')
    expect([voice.state.value, write.mock.calls]).toEqual(['idle', [['请带好水杯。']]])
  })

  it('keeps what was understood when it breaks off, and says why', () => {
    const { voice } = opened()
    voice.start()
    to.heard('请带好水杯')
    to.failed(new DeviceError('device.speech_network', '网络没有连上，话没有变成字'))
    expect(write.mock.calls).toEqual([['请带好水杯']])
    expect(voice.trouble.value).toMatchObject({ what: '网络没有连上，话没有变成字', todo: '请看看信号，或点键盘上的话筒。' })
    voice.start()
    expect(voice.trouble.value).toBeUndefined()
  })

  it('writes nothing for silence', () => {
    const { voice } = opened()
    voice.start()
    to.ended('')
    expect([voice.state.value, write.mock.calls.length]).toEqual(['idle', 0])
  })

  it('closes the microphone behind whoever leaves, and loses nothing', () => {
    const { voice, leave } = opened()
    voice.start()
    to.heard('请带好水杯')
    leave()
    to.ended('请带好水杯，谢谢')
    expect([stop.mock.calls.length, write.mock.calls]).toEqual([1, [['请带好水杯']]])
  })
})
