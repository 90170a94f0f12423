/** A picked or scanned thing may be given up by the user: that is undefined, not an error. */
export type Given<T> = Promise<T | undefined>

/** The device itself could not do it; `code` is for the error card. */
export class DeviceError extends Error {
  constructor(readonly code: string, message: string) {
    super(message)
    this.name = 'DeviceError'
  }
}

export interface ShareCard {
  notice_id: string
  activity_id: string
  title: string
  path: string
  template_info: unknown
}

export interface CalendarEntry { title: string; place: string; note: string; starts_at: string; ends_at: string }

/** What becomes of somebody's speech. */
export interface Hearing {
  /** What was understood so far. */
  heard(text: string): void
  /** The end, by the speaker's word or by a long silence, with all that was understood. */
  ended(text: string): void
  failed(err: DeviceError): void
}

/** Speech into text: the sound goes to whom `by` names, never to us. start() gives the way to stop. */
export interface Dictation { by: string; start(to: Hearing): () => void }

export interface Platform {
  /** Where the server lives, without a trailing slash. */
  origin: string
  /** Prefix of everything this window stores. */
  space: string
  /** True where the phone number comes from a button that WeChat itself provides. */
  nativePhoneButton: boolean
  /** The demo's activities begin within the hour, so that the door is open at once. */
  soon: boolean
  start(): void
  loginCode(): Promise<string>
  /** A phone code where no native button exists. */
  phoneCode(): Given<string>
  scan(): Given<string>
  /** The scene in which WeChat opened the mini-program, where it tells one. */
  entered?(): number | undefined
  /** Where the page has no camera element of its own: a camera inside `host`, until the returned function closes it. */
  lens?(host: unknown, onText: (text: string) => void, onDark: () => void): () => void
  /** Template ids the user is asked about; must be called inside a tap. */
  subscribe(templates: { id: string; title: string }[]): Promise<void>
  /** Arms the page's share button with an updatable card (WeChat), or posts it at once (browser). */
  shareCard(card: ShareCard): Promise<'armed' | 'posted'>
  /** Opens WeChat's chat tool about a notice, in a group or, without one, in one that the user chooses; absent where there is none. */
  chatTool?(notice: string, room: string): Promise<void>
  groupInfo(): Given<{ encrypted_data: string; iv: string }>
  /** Puts the activity into the phone's calendar; false when the user, or the phone's settings, said no. Inside a tap. */
  calendar(entry: CalendarEntry): Promise<boolean>
  /** Calls back once there is a voice that reads Chinese aloud; absent where a page has none. */
  voice?(found: () => void): void
  /** Reads a text aloud, slowly, until its end or until the returned function is called. */
  speak?(text: string, ended: () => void): () => void
  /** Absent where only the keyboard's own microphone turns speech into text. */
  dictation?: Dictation
  openSheet(url: string, token: string, name: string, type?: 'xlsx' | 'pdf'): Promise<void>
  /** Fetches a picture that wants a session, and gives a path that an image can show. */
  picture(url: string, token: string): Promise<string>
  /** Lets the user choose or take one photograph, made small enough to be sent over a village's line. */
  pickPicture(): Given<ArrayBuffer>
  /** Offers to send or keep a picture that picture() gave. */
  passPicture(path: string, name: string): Promise<void>
  /** Fetches a calendar file that wants a session: sending it must follow a tap at once, without a wait for the network. */
  calendarFile(url: string, token: string): Promise<string>
  /** Offers to send or keep the file that calendarFile() gave. */
  passCalendar(path: string, name: string): Promise<void>
  /** Keys of a desk keyboard, pressed in a field or nowhere; true: the page has used it. Gives a way to stop. */
  keys(pressed: (key: string, ctrl: boolean, text: string) => boolean): () => void
  /** True where keys() reports them. */
  hasKeys: boolean
  /** Puts a text into the field of that label at once; the field's own value follows a tenth of a second later. */
  setText(label: string, text: string): void
  call(phone: string): void
  copy(text: string): Promise<void>
  vibrate(): void
  play(clip: 'ok' | 'already' | 'stop'): void
  random(bytes: number): Promise<Uint8Array>
  /** Tells the surrounding demo page which code this screen shows; nothing elsewhere. */
  shown(kind: 'member' | 'venue' | 'binding', text: string): void
  /** Server-sent events by name, until the returned function is called; absent where there are none. */
  listen?(url: string, names: string[], event: (name: string, data: string) => void, lost: () => void): () => void
  /** Fills the whole screen, where a page may do so itself; tells whether it does. */
  fill?(): Promise<void>
  filled(): boolean
  /** Keeps the screen lit while a code or the roster is shown. */
  keepAwake(on: boolean): void
  fontFactor(): number
  setFontFactor(factor: number): void
  /** Sets all type smaller by this share, where page-meta does not. */
  setDensity(share: number): void
  /** Can the page itself change the type size, or does the system's setting rule? */
  ownFontSize: boolean
}
