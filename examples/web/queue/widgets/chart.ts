import { Subscription } from 'rxjs'
import { h, svg } from '../../shared/dom'
import { pointsOf } from '../model'
import { chartSeconds } from '../streams'
import { card, type MakeWidget } from './widget'

const width = 400
const height = 110

/** How long the line was in the last two minutes. */
export const chartWidget: MakeWidget = (room) => {
  const area = svg('polygon', { class: 'area' })
  const path = svg('polyline', { class: 'path', fill: 'none' })
  const box = {
    viewBox: `0 -4 ${width} ${height + 8}`,
    preserveAspectRatio: 'none',
    class: 'chart',
    role: 'img',
  }
  const picture = svg('svg', { ...box, 'aria-label': 'Length of the line' }, area, path)
  const served = h('strong', { class: 'number' }, '0')
  const pace = h('strong', { class: 'number' }, '–')
  const figures = h(
    'dl',
    { class: 'figures' },
    h('div', {}, h('dt', {}, 'served'), h('dd', {}, served)),
    h('div', {}, h('dt', {}, 'at a desk'), h('dd', {}, pace)),
  )
  const axis = h('p', { class: 'spread small muted' }, h('span', {}, '2 min ago'), h('span', {}, 'now'))
  const element = card('history', 'Length of the line', picture, axis, figures)

  const ends = new Subscription()
  ends.add(
    room.lengths$.subscribe((lengths) => {
      const points = pointsOf(lengths, chartSeconds, width, height)
      const from = width - (lengths.length - 1) * (width / (chartSeconds - 1))
      path.setAttribute('points', points)
      area.setAttribute('points', `${from.toFixed(1)},${height} ${points} ${width},${height}`)
      picture.setAttribute(
        'aria-label',
        `Length of the line: ${lengths.at(-1) ?? 0} now, at most ${Math.max(...lengths)}`,
      )
    }),
  )
  ends.add(
    room.board$.subscribe((board) => {
      served.textContent = String(board.served)
      pace.textContent = board.pace === 0 ? '–' : `${Math.round(board.pace / 1000)} s`
    }),
  )
  return { element, ends }
}
