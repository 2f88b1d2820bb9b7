// The ledger of the demo: it counts what is lost in ack mode, which is nothing, and would notice if something were.
import { Ledger } from '../../examples/demo/ledger.mjs'
import * as hawser from '../../lib'
import { until } from '../support/waiters'

type Package = ConstructorParameters<typeof Ledger>[0]

async function opened(parts: object): Promise<Ledger> {
  const ledger = new Ledger(parts as Package)
  await ledger.start()
  return ledger
}

test('what is cut off comes again', async () => {
  const ledger = await opened(hawser)
  try {
    await until(() => ledger.acked > 0)
    ledger.cut()
    await until(() => ledger.reconnects > 0)
    const before = ledger.acked
    await until(() => ledger.acked > before)
    await ledger.finish()
    expect(ledger).toMatchObject({ lost: 0, broken: 0 })
    expect([ledger.acked, ledger.booked]).toEqual([ledger.sent, ledger.sent])
  } finally {
    await ledger.close()
  }
})

test.each([
  ['acknowledged without having come', (): Promise<void> => Promise.resolve()],
  ['given up', (): Promise<void> => Promise.reject(new Error('given up'))],
])('an entry that is %s is lost', async (_how, send) => {
  class Client {
    connect = (): Promise<void> => Promise.resolve()
    close = (): Promise<void> => Promise.resolve()
    send = send
  }
  const ledger = await opened({ ...hawser, WebSocketClient: Client })
  try {
    await until(() => ledger.sent > 0)
    await ledger.finish()
    expect(ledger.lost).toBe(ledger.sent)
  } finally {
    await ledger.close()
  }
})
