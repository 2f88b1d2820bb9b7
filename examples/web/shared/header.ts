// The header of pages without React; shell.tsx has the same.
import { h, svg } from './dom'
import { forgetName } from './identity'
import { hueOf, initialsOf } from './people'

export function plainHeader(title: string, name: string): HTMLElement {
  const mark = svg(
    'svg',
    {
      viewBox: '0 0 32 32',
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': 3,
      'stroke-linecap': 'round',
      'aria-hidden': 'true',
    },
    svg('path', { d: 'M4 11c6-7 18-7 24 0M4 21c6 7 18 7 24 0' }),
    svg('path', { d: 'M4 11c5 5 9 5 12 5s7 0 12 5M4 21c5-5 9-5 12-5s7 0 12-5' }),
  )
  const brand = h(
    'a',
    { class: 'brand', href: '../', 'aria-label': 'hawser, all examples' },
    mark,
    h('span', {}, 'hawser'),
  )
  const person = h(
    'button',
    {
      class: 'person',
      type: 'button',
      title: 'Be somebody else',
      onclick: forgetName,
    },
    h('span', { class: 'avatar little', hue: hueOf(name), 'aria-hidden': 'true' }, initialsOf(name)),
    h('span', { class: 'clip' }, name),
    h('span', { class: 'unseen' }, ': be somebody else'),
  )
  return h(
    'header',
    { class: 'header' },
    brand,
    h('div', { class: 'where grow' }, h('h1', { class: 'clip' }, title)),
    person,
  )
}
