// What becomes of durable messages that the server refuses. For clients of any engine and store.
import type { ManagedClientOptions } from '../../../lib'
import { until, within } from '../../support/waiters'
import type { FarEnd } from './far-end'
import { type ManagedScope, rejection } from './managed'

/** Answers messages of the type `no` with an error of this code, acknowledges others. */
function refusing(far: FarEnd, code: string): void {
  far.answer = ({ id, type }, socket) =>
    far.say(
      type === 'no'
        ? { type: 'error', correlationId: id, error: { code, message: 'not you', retryAfter: 5 } }
        : { type: 'ack', correlationId: id },
      socket,
    )
}

/** `options` has the store. */
export function refusalCases(scope: ManagedScope, options: () => Partial<ManagedClientOptions>): void {
  test('what is refused leaves the store: told once, and not sent again', async () => {
    const far = await scope.farDown()
    const given = options()
    const first = scope.managed(far, given)
    await first.client.send('no', 'kept', { durable: true })
    await first.client.close()
    await far.start()
    refusing(far, 'UNAUTHORIZED')
    // Nobody waits for what an earlier client has left.
    const second = await scope.connected(far, given)
    await second.failedWith('UNAUTHORIZED')
    await second.client.send('no', 'live', { durable: true })
    await second.until(() => second.errors.length === 2, 'the second refusal')
    const waited = second.client.send('no', 'waited for', { durable: true, ack: true })
    expect(await rejection(waited)).toMatchObject({ code: 'UNAUTHORIZED' })
    await until(() => second.client.getPerformanceMetrics().inFlight === 0)
    far.hangUp()
    await second.reached('connected', 2)
    await within(second.client.send('yes', 'on', { durable: true, ack: true }), 'ack')
    expect(second.codes.filter((code) => code === 'UNAUTHORIZED')).toHaveLength(2)
    expect(second.client.getPerformanceMetrics().acked).toBe(1)
    await second.client.close()

    const third = await scope.connected(far, given)
    await within(third.client.send('yes', 'last', { durable: true, ack: true }), 'ack')
    expect(far.payloads).toEqual(['kept', 'live', 'waited for', 'on', 'last'])
    expect(third.errors).toEqual([])
  })

  test('what is refused for now stays, and is sent again', async () => {
    const far = await scope.far()
    refusing(far, 'RATE_LIMIT_EXCEEDED')
    const given = options()
    const watched = await scope.connected(far, given)
    const waited = watched.client.send('no', 1, { durable: true, ack: true })
    await watched.failedWith('RATE_LIMIT_EXCEEDED')
    expect((await watched.client.queued()).map(({ durable }) => durable)).toEqual([true])
    far.answer = ({ id }, socket) => far.say({ type: 'ack', correlationId: id }, socket)
    far.hangUp()
    await within(waited, 'ack')
    expect(far.payloads).toEqual([1, 1])
  })
}
