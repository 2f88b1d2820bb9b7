// Subjects of channels and rooms. A token of a subject takes no dots, spaces and wildcards; other names become one by
// their bytes.

const plain = /^[A-Za-z0-9_:-]{1,200}$/

/** One token, different for each name. */
export function token(name: string): string {
  return plain.test(name) ? name : `~${Buffer.from(name).toString('base64url')}`
}

/** Subjects of an adapter with a prefix. */
export class Subjects {
  constructor(readonly prefix: string) {}

  /** What a node publishes to a channel. */
  channel(name: string): string {
    return `${this.prefix}.channel.${token(name)}`
  }
  /** What is appended to a room; the stream keeps it. */
  log(room: string): string {
    return `${this.prefix}.log.${token(room)}`
  }
  /** What the stream has kept, as it tells whoever listens. */
  live(room: string): string {
    return `${this.prefix}.live.${token(room)}`
  }
}
