// Asks who uses this tab, before anything connects.
import { app, h } from './dom'
import { rememberName, rememberedName } from './identity'
import { longestName, tidyName } from './people'
import './sign-in.css'

/** Resolves with the name: the one that is known, or else once somebody has said one. */
export function signIn(what: string): Promise<string> {
  const known = rememberedName()
  if (known !== undefined) return Promise.resolve(known)
  return new Promise((resolve) => {
    const hint = 'No password: this is an example. The name belongs to this tab.'
    const input = h('input', {
      class: 'input',
      name: 'name',
      maxlength: longestName,
      autocomplete: 'nickname',
      required: true,
      placeholder: 'Ada',
      'aria-describedby': 'sign-in-hint',
    }) as HTMLInputElement
    const submit = (event: Event): void => {
      event.preventDefault()
      const name = tidyName(input.value)
      if (name === undefined) {
        input.focus()
        return
      }
      rememberName(name)
      page.remove()
      resolve(name)
    }
    const page = h(
      'main',
      { class: 'sign-in', id: 'main' },
      h(
        'form',
        { class: 'card', onsubmit: submit },
        h('p', { class: 'small muted' }, `hawser / ${what}`),
        h('h1', {}, 'Who are you?'),
        h('label', { class: 'field' }, 'Your name', input),
        h('button', { class: 'button primary', type: 'submit' }, 'Go in'),
        h('p', { class: 'small muted', id: 'sign-in-hint' }, hint),
      ),
    )
    app().replaceChildren(page)
    input.focus()
  })
}
