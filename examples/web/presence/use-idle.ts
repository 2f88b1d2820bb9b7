import { useEffect, useState } from 'react'

const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const

/** Whether nobody has touched the page for so many milliseconds. */
export function useIdle(after: number): boolean {
  const [idle, setIdle] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    const sign = (): void => {
      clearTimeout(timer)
      setIdle(false)
      timer = setTimeout(() => setIdle(true), after)
    }
    sign()
    for (const name of signs) addEventListener(name, sign, { passive: true })
    return () => {
      clearTimeout(timer)
      for (const name of signs) removeEventListener(name, sign)
    }
  }, [after])
  return idle
}
