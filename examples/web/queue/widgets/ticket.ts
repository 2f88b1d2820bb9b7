import { Subscription } from 'rxjs'
import { h } from '../../shared/dom'
import { about, type Place } from '../model'
import { action, card, type MakeWidget } from './widget'

/** One's own ticket: a place in the line, or the desk that calls. */
export const ticketWidget: MakeWidget = (room) => {
  const figure = h('p', { class: 'figure number' })
  const words = h('p', { class: 'words', role: 'status' })
  const bar = h('div', { class: 'progress', 'aria-hidden': 'true' }, h('i'))
  const wrong = h('p', { class: 'notice danger', role: 'alert', hidden: true })
  const fail = (error: Error): void => {
    wrong.textContent = error.message
    wrong.hidden = false
  }
  const take = action('Take a ticket', 'primary', () => room.take(), fail)
  const leave = action('Leave the line', '', () => room.leave(), fail)
  const element = card(
    'ticket',
    `${room.name}’s ticket`,
    figure,
    words,
    bar,
    h('div', { class: 'row' }, take, leave),
    wrong,
  )

  let first = 0
  const show = (place: Place): void => {
    wrong.hidden = true
    element.dataset['state'] = place.state
    take.hidden = place.state !== 'out'
    leave.hidden = place.state !== 'waiting'
    bar.hidden = place.state !== 'waiting'
    if (place.state === 'out') {
      first = 0
      figure.textContent = '–'
      words.textContent = 'You are not in line.'
    } else if (place.state === 'called') {
      figure.textContent = `Desk ${place.desk}`
      words.textContent = `Number ${place.number}: it is your turn.`
    } else {
      first = Math.max(first, place.ahead + 1)
      figure.textContent = `#${place.number}`
      const others = place.ahead === 0 ? 'You are next' : `${place.ahead} ahead of you`
      words.textContent = `${others}, ${about(place.wait)}.`
      const done = 1 - (place.ahead + 1) / (first + 1)
      ;(bar.firstElementChild as HTMLElement).style.width = `${Math.round(done * 100)}%`
    }
  }
  const ends = new Subscription()
  ends.add(room.place$.subscribe({ next: show, error: fail }))
  ends.add(
    room.connected$.subscribe((connected) => {
      for (const button of [take, leave]) button.setAttribute('aria-disabled', String(!connected))
    }),
  )
  figure.textContent = '–'
  words.textContent = 'Looking at the line …'
  take.hidden = leave.hidden = bar.hidden = true
  return { element, ends }
}
