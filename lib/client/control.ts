// What a client does with the control messages of a server that no request of its waits for.
import type { ClientBody } from './client-body'
import { replyError } from './reply-error'

export function takeControl(body: ClientBody, message: Record<string, unknown>): void {
  switch (message.type) {
    case 'token_expired':
      void body.tokens?.give('expired')
      break
    case 'positions':
      body.rooms?.read(message.payload)
      break
    case 'resume_failed':
      for (const failure of body.rooms?.failed(message.payload) ?? [])
        body.listeners.emit('resume_failed', failure)
      break
    case 'error':
    case 'auth_error':
      if (body.outbox.answers(message)) break
      body.fail(replyError('A message', message.error ?? message.payload))
      break
  }
}
