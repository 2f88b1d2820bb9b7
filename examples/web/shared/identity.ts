// Who uses this tab. There are no passwords: whoever says a name has it. A tab has its own, so that two of them are two people.
import { tidyName } from './people'

const key = 'hawser-examples-name'

/** `?as=Ada`, else what this tab said before. */
export function rememberedName(): string | undefined {
  const asked = tidyName(new URLSearchParams(location.search).get('as') ?? '')
  if (asked !== undefined) rememberName(asked)
  return asked ?? tidyName(sessionStorage.getItem(key) ?? '')
}

export function rememberName(name: string): void {
  sessionStorage.setItem(key, name)
}

export function forgetName(): void {
  sessionStorage.removeItem(key)
  const here = new URL(location.href)
  here.searchParams.delete('as')
  location.replace(here)
}
