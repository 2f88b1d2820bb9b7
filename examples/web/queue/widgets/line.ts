import { Subscription } from 'rxjs'
import { h } from '../../shared/dom'
import { hueOf, initialsOf } from '../../shared/people'
import { about, waitOf } from '../model'
import { action, card, type MakeWidget } from './widget'

const shown = 8

/** Who waits, in order. */
export const lineWidget: MakeWidget = (room) => {
  const count = h('span', { class: 'badge' }, '0')
  const list = h('ol', { class: 'waiting' })
  const more = h('p', { class: 'small muted' })
  const empty = h(
    'div',
    { class: 'empty' },
    h('strong', {}, 'Nobody waits'),
    h('span', {}, 'Take a ticket, or let guests in.'),
  )
  const wrong = h('p', { class: 'notice danger', role: 'alert', hidden: true })
  const invite = action(
    'Let 5 guests in',
    'tiny',
    () => room.invite(5),
    (error) => {
      wrong.textContent = error.message
      wrong.hidden = false
    },
  )
  const element = card('line', 'The line', list, empty, more, wrong, h('div', { class: 'row end' }, invite))
  element.querySelector('h2')?.append(' ', count)

  const ends = new Subscription()
  ends.add(
    room.board$.subscribe((board) => {
      const { waiting } = board
      wrong.hidden = true
      count.textContent = String(waiting.length)
      list.replaceChildren(
        ...waiting
          .slice(0, shown)
          .map(({ number, name }, ahead) =>
            h(
              'li',
              { class: name === room.name ? 'mine' : undefined },
              h(
                'span',
                { class: 'avatar little', hue: hueOf(name), 'aria-hidden': 'true' },
                initialsOf(name),
              ),
              h('span', { class: 'grow clip' }, name),
              h('span', { class: 'small muted' }, about(waitOf(ahead, board))),
              h('span', { class: 'number tag' }, `#${number}`),
            ),
          ),
      )
      empty.hidden = waiting.length > 0
      more.hidden = waiting.length <= shown
      more.textContent = `and ${waiting.length - shown} more`
    }),
  )
  ends.add(room.connected$.subscribe((connected) => invite.setAttribute('aria-disabled', String(!connected))))
  return { element, ends }
}
