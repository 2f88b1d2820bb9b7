// The waiting room: widgets that know nothing of each other, over one connection. No framework: RxJS and elements.
import { WebSocketClient } from 'hawser'
import type { QueueProtocol } from '../protocol/queue'
import { app, h } from '../shared/dom'
import { plainHeader } from '../shared/header'
import { hubOptions, hubUrl } from '../shared/hub'
import { signIn } from '../shared/sign-in'
import { WaitingRoom } from './streams'
import { activityWidget } from './widgets/activity'
import { chartWidget } from './widgets/chart'
import { connectionWidget } from './widgets/connection'
import { desksWidget } from './widgets/desks'
import { lineWidget } from './widgets/line'
import { ticketWidget } from './widgets/ticket'

const name = await signIn('Waiting room')
const room = new WaitingRoom(
  () => new WebSocketClient<QueueProtocol>({ url: hubUrl, ...hubOptions(name) }),
  name,
)

const lost = h(
  'p',
  { class: 'notice banner', role: 'status', hidden: true },
  'Not connected. The line goes on; this page catches up.',
)
const makers = [ticketWidget, desksWidget, lineWidget, chartWidget, activityWidget, connectionWidget]
const widgets = makers.map((make) => make(room))
const grid = h('div', { class: 'widgets' }, ...widgets.map(({ element }) => element))
app().replaceChildren(plainHeader('Waiting room', name), h('main', { class: 'page', id: 'main' }, lost, grid))

let wasConnected = false
room.connected$.subscribe((connected) => {
  wasConnected ||= connected
  lost.hidden = connected || !wasConnected
  grid.classList.toggle('stale', !connected)
})
room.errors$.subscribe((error) => console.info('connection:', error.code, error.message))
