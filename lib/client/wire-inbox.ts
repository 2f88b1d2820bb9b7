// What comes up from the engine of a client with a codec or a dialect: what the engine does not read goes to the wire.
import { ClientInbox } from './client-inbox'
import type { Settlement } from './engine'

export class WireInbox extends ClientInbox {
  override replyTo(message: unknown): ((payload: unknown) => void) | undefined {
    return this.body.wire?.replyTo(message)
  }
  override untyped(text: string): void {
    const { wire } = this.body
    if (wire === undefined) super.untyped(text)
    else wire.text(text)
  }
  override binary(data: Uint8Array): void {
    const { wire } = this.body
    if (wire === undefined) super.binary(data)
    else wire.binary(data)
  }
  override reply(token: number, given: string | object): void {
    super.reply(token, given)
    this.body.wire?.settled(token)
  }
  protected override readReply(message: unknown): { payload: unknown; error: unknown } {
    return this.body.wire?.readReply(message) ?? super.readReply(message)
  }
  override settled(token: number, how: Settlement): void {
    super.settled(token, how)
    this.body.wire?.settled(token)
  }
  override opened(link: number): void {
    this.body.wire?.opened(link)
  }
  override closed(): void {
    const { feed, wire } = this.body
    feed?.end()
    wire?.ended()
    super.closed()
  }
}
