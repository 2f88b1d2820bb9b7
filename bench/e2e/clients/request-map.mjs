// Requests over a bare socket: a map of promises by correlation id, as programs write it.
import { keepAsking } from './requests.mjs'

export function requester(send) {
  const waiting = new Map()
  let last = 0
  return {
    begin: () =>
      keepAsking(
        (payload) =>
          new Promise((resolve, reject) => {
            const id = `request-${(++last).toString(36)}`
            waiting.set(id, { resolve, reject })
            send(JSON.stringify({ id, type: 'work', timestamp: Date.now(), correlationId: id, payload }))
          }),
      ),
    take: (text) => {
      const message = JSON.parse(text)
      if (message.type !== 'reply') return
      const one = waiting.get(message.correlationId)
      if (one === undefined) return
      waiting.delete(message.correlationId)
      if (message.error) one.reject(message.error)
      else one.resolve(message.payload)
    },
  }
}
