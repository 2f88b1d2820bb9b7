import { useClient } from 'hawser/react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { EditorProtocol } from '../protocol/editor'
import { SharedText } from './shared-text'

const nothing = { text: '', carets: [], ready: false, unsaved: 0 } satisfies ReturnType<
  SharedText['getSnapshot']
>
const never = () => () => undefined

/** The text, and what is shown of it; undefined until there is a client. */
export function useSharedText() {
  const client = useClient<EditorProtocol>()
  const [shared, setShared] = useState<SharedText>()
  useEffect(() => {
    if (client === null) return undefined
    const made = new SharedText(client)
    setShared(made)
    return () => made.close()
  }, [client])
  const look = useSyncExternalStore(shared?.subscribe ?? never, () => shared?.getSnapshot() ?? nothing)
  return { shared, ...look }
}
