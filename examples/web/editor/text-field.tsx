import { useEffect, useLayoutEffect, useRef } from 'react'
import { hueOf } from '../shared/people'
import type { Caret, SharedText } from './shared-text'
import { movedBy } from './text-change'

interface TextFieldProps {
  name: string
  shared: SharedText
  text: string
  carets: readonly Caret[]
}

/**
 * A plain text area, so that it does what people and their tools expect of one; the carets of others are in a layer
 * behind it that has the same text in the same type.
 */
export function TextField({ name, shared, text, carets }: TextFieldProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  /** Where the caret has to be once the text is there. */
  const caret = useRef<[number, number]>(undefined)
  useEffect(
    () =>
      shared.onRemote((changes) => {
        const element = field.current
        if (element === null) return
        const [start, end] = caret.current ?? [element.selectionStart, element.selectionEnd]
        const move = (place: number): number => changes.reduce(movedBy, place)
        caret.current = [move(start), move(end)]
      }),
    [shared],
  )
  useLayoutEffect(() => {
    if (caret.current === undefined) return
    field.current?.setSelectionRange(...caret.current)
    caret.current = undefined
  }, [text])
  useEffect(() => () => shared.setCaret(undefined), [shared])

  const tell = (): void => {
    const element = field.current
    if (element !== null && document.activeElement === element) {
      shared.setCaret({ anchor: element.selectionStart, head: element.selectionEnd })
    }
  }
  return (
    <div className="paper">
      <div className="behind" aria-hidden>
        {pieces(
          text,
          carets.filter((one) => one.name !== name),
        )}
        {'\n'}
      </div>
      <textarea
        ref={field}
        aria-label="Text"
        placeholder="Write something. Others see it as you type."
        spellCheck={false}
        value={text}
        onChange={(event) => {
          shared.set(event.target.value)
          tell()
        }}
        onSelect={tell}
        onBlur={() => shared.setCaret(undefined)}
      />
    </div>
  )
}

/** The text with flags where others are. */
function pieces(text: string, carets: readonly Caret[]) {
  const sorted = [...carets].sort((one, other) => one.head - other.head)
  let from = 0
  return [
    ...sorted.flatMap(({ name, head }, index) => {
      const part = text.slice(from, head)
      from = head
      const flag = (
        <span key={`${name}/${index}`} className="caret" style={{ '--hue': hueOf(name) } as object}>
          <i>{name}</i>
        </span>
      )
      return [part, flag]
    }),
    text.slice(from),
  ]
}
