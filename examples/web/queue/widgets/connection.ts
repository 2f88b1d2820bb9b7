import { combineLatest, Subscription, timer } from 'rxjs'
import { h } from '../../shared/dom'
import { card, type MakeWidget } from './widget'

const said: Record<string, string> = {
  connected: 'Connected',
  connecting: 'Connecting …',
  reconnecting: 'Reconnecting …',
  failed: 'Not connected',
}

/** What all the other widgets share. */
export const connectionWidget: MakeWidget = (room) => {
  const state = h('strong', { role: 'status' })
  const dot = h('span', { class: 'dot' })
  const figures = {
    connects: h('dd', { class: 'number' }),
    messages: h('dd', { class: 'number' }),
    latency: h('dd', { class: 'number' }),
  }
  const element = card(
    'connection',
    'One connection',
    h('p', { class: 'row' }, dot, state),
    h(
      'dl',
      { class: 'figures' },
      h('div', {}, h('dt', {}, 'opened'), figures.connects),
      h('div', {}, h('dt', {}, 'messages'), figures.messages),
      h('div', {}, h('dt', {}, 'latency'), figures.latency),
    ),
    h('p', { class: 'small muted' }, 'Six widgets with streams of their own; the client makes them one.'),
  )
  const ends = new Subscription()
  ends.add(
    combineLatest([room.state$, timer(0, 1000)]).subscribe(([now]) => {
      state.textContent = said[now] ?? 'Not connected'
      dot.className = `dot ${now === 'connected' ? 'online' : 'away'}`
      const metrics = room.client?.getPerformanceMetrics()
      figures.connects.textContent = `${metrics?.connects ?? 0} ×`
      figures.messages.textContent = String(metrics?.messagesIn ?? 0)
      figures.latency.textContent = metrics?.latencyCount ? `${Math.round(metrics.latencyLast)} ms` : '–'
    }),
  )
  return { element, ends }
}
