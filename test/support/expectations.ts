// Shared judgements over a session with a raw peer.
import { closePayload, OP } from './frames'
import type { Session } from './scope'

/**
 * The subject must fail the connection: a close frame with `code` on the wire, one coded error, then one close event, then
 * the end of the byte stream (RFC 6455, section 7.1.7).
 */
export async function expectFailure(session: Session, code: number, errorCode: string): Promise<void> {
  const { peer } = session
  const close = await peer.closeFrame()
  expect(close?.code).toBe(code)
  peer.send({ opcode: OP.close, payload: closePayload(code) })
  peer.end()
  const event = await session.closed
  expect([code, 1006]).toContain(event.code)
  expect(session.errors.map((error) => error.code)).toEqual([errorCode])
  expect(await peer.nextFrame()).toBeUndefined()
}
