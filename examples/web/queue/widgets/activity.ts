import { Subscription } from 'rxjs'
import type { Happening } from '../../protocol/queue'
import { h } from '../../shared/dom'
import { clockTime } from '../../shared/time'
import { card, type MakeWidget } from './widget'

const words: Record<Happening['what'], (happening: Happening) => string> = {
  took: ({ name }) => `${name} took a ticket`,
  left: ({ name }) => `${name} left the line`,
  called: ({ name, desk }) => `${name} was called to desk ${desk ?? ''}`,
  served: ({ name }) => `${name} is done`,
}

/** What happened, newest first. */
export const activityWidget: MakeWidget = (room) => {
  const list = h('ul', { class: 'happenings' })
  const log = h('div', { role: 'log', 'aria-label': 'Activity' }, list)
  const empty = h('p', { class: 'muted' }, 'Nothing has happened since you came.')
  const element = card('activity', 'Activity', empty, log)
  const ends = new Subscription()
  ends.add(
    room.happenings$(7).subscribe((happenings) => {
      empty.hidden = happenings.length > 0
      list.replaceChildren(
        ...happenings.map((happening) =>
          h(
            'li',
            { class: happening.what },
            h('span', { class: 'number tag' }, `#${happening.number}`),
            h('span', { class: 'grow clip' }, words[happening.what](happening)),
            h('time', { class: 'small muted number' }, clockTime(happening.at)),
          ),
        ),
      )
    }),
  )
  return { element, ends }
}
