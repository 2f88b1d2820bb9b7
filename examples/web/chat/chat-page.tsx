import { useConnectionStatus } from 'hawser/react'
import { useEffect } from 'react'
import { ChatIcon } from '../shared/icons'
import { ConversationView } from './conversation'
import { Sidebar } from './sidebar'
import { useConversations } from './use-conversations'
import { useRoute } from './use-route'

const wide = matchMedia('(min-width: 761px)')

export function ChatPage({ name }: { name: string }) {
  const { conversations, loaded, error, openWith } = useConversations()
  const { state } = useConnectionStatus({ poll: 0 })
  const [room, goTo] = useRoute()
  const active = conversations.find((one) => one.room === room)
  // Where there is space for both, one conversation is always open.
  const first = conversations[0]?.room
  useEffect(() => {
    if (active === undefined && first !== undefined && wide.matches) {
      history.replaceState(null, '', `#${encodeURIComponent(first)}`)
      dispatchEvent(new HashChangeEvent('hashchange'))
    }
  }, [active, first])

  return (
    <main className={active === undefined ? 'chat listing' : 'chat'} id="main">
      <Sidebar
        name={name}
        conversations={conversations}
        loaded={loaded}
        active={active?.room}
        error={error}
        onOpen={goTo}
        onPerson={(person) =>
          void openWith(person).then(
            (conversation) => goTo(conversation.room),
            () => undefined,
          )
        }
      />
      {active === undefined ? (
        <section className="conversation none" aria-label="Conversation">
          <div className="empty">
            <ChatIcon />
            <strong>{state === 'connected' || loaded ? 'Choose a conversation' : 'Connecting …'}</strong>
          </div>
        </section>
      ) : (
        <ConversationView key={active.room} name={name} conversation={active} onBack={() => goTo('')} />
      )}
    </main>
  )
}
