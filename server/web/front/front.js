'use strict'

// The front door: three frames of the mini-program, the simulated group between them, and a guide
// that follows what really happened on the server.

const POLL_MS = 1500
const $ = (id) => document.getElementById(id)
const frames = Object.fromEntries(
  [...document.querySelectorAll('iframe[data-frame]')].map((f) => [f.dataset.frame, f]),
)

let drawn = ''
let failing = 0

function fit() {
  const columns = innerWidth <= 720 ? 1 : innerWidth <= 1100 ? 2 : 4
  const gap = 28
  const free = innerWidth - (innerWidth <= 720 ? 24 : 64) - gap * (columns - 1)
  const tall = columns === 4 ? Math.max(0.8, (innerHeight - 236) / 720) : 1
  const scale = Math.min(1, tall, free / columns / 375)
  document.documentElement.style.setProperty('--scale', scale.toFixed(4))
}

async function ask(path, body) {
  const res = await fetch(path, body === undefined
    ? undefined
    : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const data = res.status === 204 ? {} : await res.json()
  if (!res.ok) throw new Error(data.message || '没有成功，请再试一次')
  return data
}

function toast(text) {
  const el = $('toast')
  el.textContent = text
  el.hidden = false
  clearTimeout(toast.timer)
  toast.timer = setTimeout(() => { el.hidden = true }, 5000)
}

function node(tag, cls, text) {
  const el = document.createElement(tag)
  if (cls) el.className = cls
  if (text !== undefined) el.textContent = text
  return el
}

function face(name, cls) {
  return node('span', `face ${cls || ''}`, name.slice(0, 1))
}

function drawCard(card) {
  const row = node('div', 'msg')
  row.append(face(card.from, 'red'))
  const side = node('div')
  side.append(node('div', 'from', card.from))
  const button = node('button', 'card')
  button.type = 'button'
  const top = node('span', 'top')
  const icon = new Image(20, 20)
  icon.src = 'icon.svg'
  icon.alt = ''
  top.append(icon, '本色家园')
  button.append(top, node('strong', '', card.title), node('span', 'art', '活动通知'))
  button.append(node('div', card.live ? 'live' : 'live over', card.text))
  button.addEventListener('click', () => openInMember(card.path))
  side.append(button)
  row.append(side)
  return row
}

function drawPush(push) {
  const row = node('div', 'msg notice-msg')
  row.append(face('服', 'green'))
  const side = node('div')
  side.append(node('div', 'from', `服务通知 · 发给${push.to}`))
  const bubble = node('div', 'bubble')
  bubble.append(node('strong', '', push.template))
  const list = node('dl')
  for (const f of push.fields) list.append(node('dt', '', f.label), node('dd', '', f.value))
  bubble.append(list)
  side.append(bubble)
  row.append(side)
  return row
}

function drawChat(state) {
  const body = $('chat')
  const end = body.scrollHeight - body.scrollTop - body.clientHeight < 60
  body.replaceChildren(node('p', 'chat-day', '今天'))
  const hello = node('div', 'msg')
  const side = node('div')
  side.append(node('div', 'from', state.head), node('span', 'bubble', '各位老同志好，活动通知都发在群里。'))
  hello.append(face(state.head, 'red'), side)
  body.append(hello)
  for (const m of state.messages) body.append(m.kind === 'card' ? drawCard(m) : drawPush(m))
  if (end) body.scrollTop = body.scrollHeight
}

function draw(state) {
  $('group-name').textContent = `${state.group}（${state.group_size}）`
  $('county').textContent = state.county
  for (const el of document.querySelectorAll('[data-who]')) el.textContent = state.people[el.dataset.who] || ''
  const now = state.steps.find((s) => !s.done)
  $('steps').replaceChildren(...state.steps.map((s, i) => node('li', s.done ? 'done' : s === now ? 'now' : '', `${i + 1} ${s.name}`)))
  $('hint').textContent = now ? now.hint : '走完了：联络员打开「签到表」，就能下载上报。'
  for (const seat of document.querySelectorAll('.seat')) seat.classList.toggle('now', !!now && seat.id === `seat-${now.seat}`)
  drawChat(state)
}

async function poll() {
  try {
    const state = await ask('/demo/state')
    failing = 0
    const text = JSON.stringify(state)
    if (text !== drawn) {
      drawn = text
      draw(state)
    }
  } catch {
    failing += 1
    if (failing === 3) $('hint').textContent = '服务没有回应，请看运行它的窗口。'
  }
  setTimeout(poll, POLL_MS)
}

/** Opens a page in the member's phone, as WeChat does when somebody taps the group card. */
function openInMember(path) {
  frames.member.contentWindow.location.hash = '#' + (path.startsWith('/') ? path : '/' + path)
  $('seat-member').scrollIntoView({ block: 'nearest', inline: 'nearest' })
}

function show(frame, text) {
  frames[frame].contentWindow.postMessage({ type: 'bense:scan', text }, location.origin)
}

// A frame tells which code its screen shows; the other phone's camera then sees it.
const shown = {}
addEventListener('message', (event) => {
  const data = event.data
  if (event.origin !== location.origin || !data) return
  if (data.type === 'bense:shown') shown[data.kind] = data.text
  if (data.type === 'bense:scan?') look(data.frame)
})

/** Holds a phone before the code that another one shows. */
function look(frame) {
  const code = frame === 'liaison' ? shown.member : shown.venue
  if (code) show(frame, code)
  else toast(frame === 'liaison' ? '请先在党员的手机上打开「我的码」' : '请先在联络员的手机上打开「现场签到码」')
}

$('scan-venue').addEventListener('click', () => look('member'))
$('scan-member').addEventListener('click', () => look('liaison'))

$('restart').addEventListener('click', async () => {
  try {
    await ask('/demo/restart', {})
  } catch (err) {
    toast(err.message)
    return
  }
  for (const key of Object.keys(localStorage)) if (key.startsWith('bense:')) localStorage.removeItem(key)
  location.reload()
})

// Head and liaison begin at their work; the member opens the app for the first time.
for (const [name, frame] of Object.entries(frames)) {
  frame.src = `/h5/?frame=${name}&soon=1#/pages/${name === 'member' ? 'home' : 'work'}/index`
}
addEventListener('resize', fit)
fit()
poll()
