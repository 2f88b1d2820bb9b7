// One text of many hands: a document of Yjs whose changes travel through the hub. What is changed without a connection
// stays in the document, and goes out with the next exchange of what each side lacks.
import type { WebSocketClient } from 'hawser'
import * as Y from 'yjs'
import type { CaretPayload, EditorProtocol } from '../protocol/editor'
import { fromBase64, toBase64 } from './bytes'
import { changeBetween, type TextChange } from './text-change'

const room = 'editor'
/** Milliseconds after which the caret of somebody who says nothing is taken away. */
const caretTime = 30_000

export interface Caret {
  name: string
  anchor: number
  head: number
}
type SharedTextClient = Pick<
  WebSocketClient<EditorProtocol>,
  'joinRoom' | 'leaveRoom' | 'subscribe' | 'onStateChange' | 'request' | 'send' | 'state'
>

export class SharedText {
  /** Of this page, so that it knows its own changes. */
  readonly page = Math.random().toString(36).slice(2)
  private readonly doc = new Y.Doc()
  private readonly text = this.doc.getText('text')
  private readonly listeners = new Set<() => void>()
  private readonly remote = new Set<(changes: TextChange[]) => void>()
  private readonly carets = new Map<string, CaretPayload & { at: number }>()
  private readonly ends: (() => void)[] = []
  /** Changes that the hub has not confirmed. */
  private unsaved = 0
  private opened = false
  private snapshot = this.look()

  constructor(
    private readonly client: SharedTextClient,
    private readonly now: () => number = Date.now,
  ) {
    this.doc.on('update', this.updated)
    this.text.observe(this.changed)
    const routes = [
      client.subscribe({ type: 'doc.update' }, ({ payload }) =>
        Y.applyUpdate(this.doc, fromBase64(payload.update), this),
      ),
      client.subscribe({ type: 'doc.caret' }, ({ payload }) => this.caretCame(payload)),
    ]
    const unwatch = client.onStateChange((state) => {
      if (state === 'connected') this.enter()
      this.tell()
    })
    this.ends.push(unwatch, ...routes.map((route) => () => route.unsubscribe()))
    this.enter()
  }

  /** In the room first, so that nothing falls between what is asked for and what comes. A refusal is in `client.errors`. */
  private enter(): void {
    this.client.joinRoom(room).then(
      () => this.exchange(),
      () => undefined,
    )
  }

  close(): void {
    for (const end of this.ends) end()
    this.client.leaveRoom(room).catch(() => undefined)
    this.doc.destroy()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
  readonly getSnapshot = () => this.snapshot
  /** Hears of changes that others have made, to move a caret along. */
  onRemote(listener: (changes: TextChange[]) => void): () => void {
    this.remote.add(listener)
    return () => void this.remote.delete(listener)
  }

  /** The field has another text. */
  set(value: string): void {
    const change = changeBetween(this.text.toJSON(), value)
    if (change === undefined) return
    this.doc.transact(() => {
      if (change.remove > 0) this.text.delete(change.at, change.remove)
      if (change.insert !== '') this.text.insert(change.at, change.insert)
    })
  }

  /** The field's caret is somewhere else; undefined: nowhere. */
  setCaret(place: { anchor: number; head: number } | undefined): void {
    if (this.client.state !== 'connected') return
    const relative = (index: number) =>
      Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(this.text, index)) as unknown
    const payload = {
      page: this.page,
      anchor: place === undefined ? null : relative(place.anchor),
      head: place === undefined ? null : relative(place.head),
    }
    this.client.send('doc.caret', payload, { room, throttle: 80 })
  }

  // ----------------------------------------------------------------------------------------------------------- wire

  /** Each side says what it has, and gets what it lacks. */
  private async exchange(): Promise<void> {
    try {
      const mine = toBase64(Y.encodeStateVector(this.doc))
      const { update, state } = await this.client.request('doc.open', { state: mine })
      Y.applyUpdate(this.doc, fromBase64(update), this)
      this.opened = true
      const lacks = Y.encodeStateAsUpdate(this.doc, fromBase64(state))
      this.unsaved = 0
      this.tell()
      // An update without anything in it has two bytes.
      if (lacks.length > 2) await this.push(lacks)
    } catch {
      this.tell() // with the next connection again
    }
  }

  private async push(update: Uint8Array): Promise<void> {
    this.unsaved++
    this.tell()
    try {
      await this.client.request('doc.update', { update: toBase64(update), page: this.page }, { room })
      this.unsaved = Math.max(0, this.unsaved - 1)
    } catch {
      // It stays in the document; the next exchange brings it.
    }
    this.tell()
  }

  private readonly updated = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    if (this.client.state === 'connected' && this.opened) void this.push(update)
    else {
      this.unsaved++
      this.tell()
    }
  }

  private readonly changed = (event: Y.YTextEvent): void => {
    if (event.transaction.origin === this) {
      const changes: TextChange[] = []
      let at = 0
      for (const { retain, insert, delete: remove } of event.delta) {
        at += retain ?? 0
        if (remove !== undefined) changes.push({ at, remove, insert: '' })
        if (typeof insert === 'string') {
          changes.push({ at, remove: 0, insert })
          at += insert.length
        }
      }
      for (const listener of this.remote) listener(changes)
    }
    this.tell()
  }

  private caretCame(payload: CaretPayload): void {
    const fresh = this.now() - caretTime
    for (const [page, caret] of this.carets) if (caret.at < fresh) this.carets.delete(page)
    if (payload.anchor === null) this.carets.delete(payload.page)
    else this.carets.set(payload.page, { ...payload, at: this.now() })
    this.tell()
  }

  private tell(): void {
    this.snapshot = this.look()
    for (const listener of this.listeners) listener()
  }

  private look() {
    const place = (position: unknown): number | undefined => {
      try {
        const relative = Y.createRelativePositionFromJSON(position)
        return Y.createAbsolutePositionFromRelativePosition(relative, this.doc)?.index
      } catch {
        return undefined // others may have sent anything
      }
    }
    const carets: Caret[] = []
    for (const { from = '', anchor, head } of this.carets.values()) {
      const [one, other] = [place(anchor), place(head)]
      if (one !== undefined && other !== undefined) carets.push({ name: from, anchor: one, head: other })
    }
    return { text: this.text.toJSON(), carets, ready: this.opened, unsaved: this.unsaved }
  }
}
