// A widget: an element, and what it has subscribed to.
import { type Observable, Subscription } from 'rxjs'
import { type Child, h } from '../../shared/dom'
import type { WaitingRoom } from '../streams'

export interface Widget {
  element: HTMLElement
  ends: Subscription
}
export type MakeWidget = (room: WaitingRoom) => Widget

/** A card with a heading that names it. */
export function card(id: string, title: string, ...children: Child[]): HTMLElement {
  const heading = h('h2', { id: `${id}-title` }, title)
  return h('section', { class: `card ${id}`, 'aria-labelledby': `${id}-title` }, heading, ...children)
}

/** A button that does something at the hub, and cannot be pressed meanwhile. What goes wrong is said by `fail`. */
export function action(
  label: string,
  look: string,
  work: () => Observable<unknown>,
  fail: (error: Error) => void,
): HTMLButtonElement {
  const button = h('button', { class: `button ${look}`, type: 'button' }, label) as HTMLButtonElement
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') === 'true') return
    button.setAttribute('aria-busy', 'true')
    const done = (): void => button.removeAttribute('aria-busy')
    work().subscribe({
      complete: done,
      error: (error: Error) => {
        done()
        fail(error)
      },
    })
  })
  return button
}
