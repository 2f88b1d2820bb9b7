import { Subscription } from 'rxjs'
import type { Desk } from '../../protocol/queue'
import { h } from '../../shared/dom'
import { action, card, type MakeWidget } from './widget'

/** The board over the desks. Everybody here is staff, too. */
export const desksWidget: MakeWidget = (room) => {
  const list = h('ul', { class: 'desk-list', 'aria-live': 'polite' })
  const wrong = h('p', { class: 'notice danger', role: 'alert', hidden: true })
  const element = card('desks', 'Now serving', list, wrong)
  const fail = (error: Error): void => {
    wrong.textContent = error.message
    wrong.hidden = false
  }

  const rows = new Map<number, (desk: Desk, waiting: number) => void>()
  const rowOf = (desk: number) => {
    const known = rows.get(desk)
    if (known !== undefined) return known
    const number = h('span', { class: 'number big' })
    const name = h('span', { class: 'muted small clip' })
    const call = action('Call next', 'tiny', () => room.call(desk), fail)
    const done = action('Done', 'tiny quiet', () => room.finish(desk), fail)
    const who = h(
      'div',
      { class: 'grow stack tight' },
      h('span', { class: 'small muted' }, `Desk ${desk}`),
      number,
      name,
    )
    const row = h('li', {}, who, h('div', { class: 'row' }, done, call))
    list.append(row)
    const show = ({ serving }: Desk, waiting: number): void => {
      wrong.hidden = true
      row.classList.toggle('busy', serving !== null)
      row.classList.toggle('mine', serving?.name === room.name)
      number.textContent = serving === null ? 'free' : `#${serving.number}`
      name.textContent = serving?.name ?? '\u00a0'
      call.disabled = waiting === 0
      done.disabled = serving === null
    }
    rows.set(desk, show)
    return show
  }
  const ends = new Subscription()
  ends.add(
    room.board$.subscribe(({ desks, waiting }) => {
      for (const desk of desks) rowOf(desk.desk)(desk, waiting.length)
    }),
  )
  ends.add(
    room.connected$.subscribe((connected) => {
      for (const button of list.querySelectorAll('button'))
        button.setAttribute('aria-disabled', String(!connected))
    }),
  )
  return { element, ends }
}
