// Messages whose envelope the reactor writes: it is told once what stands around the payloads of a type, and then of each
// message no more than its payload, its number and the time. What that saves is much of what a message costs here.
//
//   form    {"id":"5f0c…-0F#","type":"work","timestamp":@,"correlationId":"5f0c…-0F#","payload":$}
//   record  | form | priority | timeout | number | time | payload |                    see src/core/client/message_form.hpp
import type { FormedMessages, MessageForm } from '../client/engine'
import { envelopeText } from '../client/envelope'
import { clientPrefix, requestMark } from '../client/outgoing'
import type { FormHead } from './client-records'
import { byteLength } from './shared-buffer'
import { isUsualTime, timeDigits } from './timestamp'

const marks = { number: '\x01', time: '\x02', payload: '\x03' }
/** Forms of one client; messages of further types are written in JavaScript. */
const mostForms = 256

/** Shared by all clients: what ids of forms end in, behind an F. Its digits to base 36 are counted along. */
let number = 0
let digits = 1
let nextDigit = 36

interface Form extends MessageForm {
  /** Bytes of a message beside the payload and the digits of its number, which stand in it so often. */
  fixed: number
  numbers: number
}

/** What a form is told to, and what takes the messages. */
export interface FormedSink {
  addForm(form: number, text: string): void
  /** `around`: bytes of the envelope. */
  sendForm(head: FormHead, token: number, payload: string, around: number): true | false | 'full'
}

export class ClientForms implements FormedMessages {
  private sends: Map<string, Form> | undefined
  private requests: Map<string, Form> | undefined
  private count = 0

  constructor(private readonly sink: FormedSink) {}

  of(type: string, request: boolean): Form | undefined {
    head.time = Date.now()
    if (!isUsualTime(head.time)) return undefined
    const forms = request
      ? (this.requests ??= new Map<string, Form>())
      : (this.sends ??= new Map<string, Form>())
    return forms.get(type) ?? this.add(forms, type, request)
  }

  private add(to: Map<string, Form>, type: string, request: boolean): Form | undefined {
    if (this.count === mostForms) return undefined
    const id = `${clientPrefix()}${request ? requestMark : ''}F${marks.number}`
    const parts = { id, correlationId: request ? id : undefined, room: undefined }
    const text = envelopeText(type, parts, marks.payload, marks.time)
    const numbers = request ? 2 : 1
    const fixed = byteLength(text) - numbers - 2 + timeDigits
    const form = { number: ++this.count, fixed, numbers }
    this.sink.addForm(form.number, text)
    to.set(type, form)
    return form
  }

  send(form: Form, payload: string, token: number, timeout: number): true | false | 'full' {
    if (++number === nextDigit) {
      digits++
      nextDigit *= 36
    }
    head.form = form.number | normalPriority
    head.timeout = timeout
    head.number = number
    return this.sink.sendForm(head, token, payload, form.fixed + form.numbers * digits)
  }
}

const normalPriority = 1 << 16
/** Of the message in hand. */
const head: FormHead = { form: 0, timeout: 0, number: 0, time: 0 }
