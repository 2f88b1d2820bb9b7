// The waiting room's half of the hub. The line itself is line.mjs.
import { Line } from './line.mjs'

const room = 'queue'
const guests = ['Mia', 'Noah', 'Iris', 'Omar', 'Lena', 'Hugo', 'Yuki', 'Sara', 'Kofi', 'Vera', 'Tom', 'Nina']

/**
 * @param {import('hawser').Hub<import('../protocol/queue.js').QueueProtocol>} hub
 * @param {{ HubError: typeof import('hawser').HubError }} hawser
 */
export function serveQueue(hub, { HubError }) {
  const line = new Line()
  let invited = 0

  /**
   * @param {import('../protocol/queue.js').Happening['what']} what
   * @param {import('../protocol/queue.js').Ticket} ticket
   * @param {number} [desk]
   */
  const tell = (what, { number, name }, desk) => {
    hub.to(room).send('queue.event', { what, number, name, desk, at: Date.now() })
    hub.to(room).send('queue.board', line.board)
  }
  /** @param {string} name */
  const take = (name) => {
    const had = line.of(name)
    const ticket = line.take(name, Date.now())
    if (ticket === undefined)
      throw new HubError('LINE_FULL', 'The waiting room is full. Try again in a while')
    if (had === undefined) tell('took', ticket)
    return ticket
  }
  /** @param {{ userId?: string | undefined }} context */
  const nameOf = ({ userId }) => {
    if (userId === undefined) throw new HubError('UNAUTHORIZED', 'Say who you are first')
    return userId
  }

  hub.on('join', (context, joined) => {
    if (joined === room) context.send('queue.board', line.board, { room })
  })
  hub.handle('queue.take', (_, context) => take(nameOf(context)))
  hub.handle('queue.leave', (_, context) => {
    const ticket = line.leave(nameOf(context))
    if (ticket !== undefined) tell('left', ticket)
    return ticket !== undefined
  })
  hub.handle('queue.call', ({ desk }) => {
    const done = line.finish(desk, Date.now())
    if (done !== undefined) tell('served', done, desk)
    const ticket = line.call(desk, Date.now())
    if (ticket !== undefined) tell('called', ticket, desk)
    return ticket ?? null
  })
  hub.handle('queue.finish', ({ desk }) => {
    const ticket = line.finish(desk, Date.now())
    if (ticket !== undefined) tell('served', ticket, desk)
    return ticket !== undefined
  })
  hub.handle('queue.invite', ({ guests: wanted }) => {
    const count = Math.min(10, Math.max(0, Math.trunc(wanted)))
    for (let i = 0; i < count; i++, invited++) {
      const round = Math.floor(invited / guests.length)
      take(`${guests[invited % guests.length]}${round === 0 ? '' : ` ${round + 1}`}`)
    }
    return count
  })
}
