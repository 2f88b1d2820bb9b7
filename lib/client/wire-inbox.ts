// What comes up from the engine of a client with a codec or a dialect: what the engine does not read goes to the wire.
import { ClientInbox } from './client-inbox'

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
