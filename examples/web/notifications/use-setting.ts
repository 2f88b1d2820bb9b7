import { useState } from 'react'

/** Something switched on or off that this browser remembers. */
export function useSetting(name: string, initial: boolean): [boolean, (on: boolean) => void] {
  const key = `hawser-examples-${name}`
  const [on, setOn] = useState(() => (localStorage.getItem(key) ?? String(initial)) === 'true')
  return [
    on,
    (next) => {
      localStorage.setItem(key, String(next))
      setOn(next)
    },
  ]
}
