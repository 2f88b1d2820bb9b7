// Messages that the native core writes itself: of them no more than the payload is made into text here.
import type { ClientBody } from './client-body'
import type { ClientOutbox } from './client-outbox'
import { payloadText } from './payload-text'

/** As `ClientEngine.send`; undefined: it has to be written whole. */
export function sendFormed(
  { forms }: ClientBody,
  type: string,
  payload: unknown,
): true | false | 'full' | undefined {
  if (forms === undefined || payload === undefined) return undefined
  const form = forms.of(type, false)
  return form === undefined ? undefined : forms.send(form, payloadText(type, payload) as string, 0, 0)
}

/** The same for a request. */
export function askFormed<T>(
  body: ClientBody,
  source: ClientOutbox,
  type: string,
  payload: unknown,
): Promise<T> | undefined {
  const { forms, requestTimeout } = body
  const { pending } = source
  if (forms === undefined || payload === undefined) return undefined
  const form = forms.of(type, true)
  if (form === undefined) return undefined
  const text = payloadText(type, payload) as string
  const { token, promise } = pending.add<T>('request', type, undefined, source)
  if (forms.send(form, text, token, requestTimeout) === 'full') pending.reject(token, body.refusal())
  return promise
}
