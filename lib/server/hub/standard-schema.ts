// Payloads checked by any validator that follows Standard Schema (https://standardschema.dev): zod, valibot, arktype …
import { badArgument } from '../../core/validate'
import type { Middleware } from './dispatch'
import { HubError } from './hub-error'

/** A validator, as Standard Schema version 1 defines it. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>
  }
}
interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}
type Validated<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

/** Issues that an answer lists. */
const mostIssues = 10

/**
 * Middleware that checks payloads by message type; handlers get what the validator made of them. Other types pass.
 * What does not fit is answered with `INVALID_MESSAGE` and the issues as `details`.
 *
 * @example
 * hub.use(validate({ chat: z.object({ text: z.string().max(500) }) }))
 * @throws TypeError `INVALID_ARGUMENT`
 */
export function validate(schemas: Readonly<Record<string, StandardSchema>>): Middleware {
  const known = new Map(Object.entries(schemas))
  for (const [type, schema] of known) {
    if (typeof (schema as Partial<StandardSchema> | null)?.['~standard']?.validate !== 'function') {
      badArgument(`schemas.${type}`, 'a validator that follows Standard Schema', schema)
    }
  }
  return (message) => {
    const schema = known.get(message.type)
    if (schema === undefined) return undefined
    const accept = (result: Validated<unknown>): void => {
      if (result.issues !== undefined) throw refusal(result.issues)
      message.payload = result.value
    }
    const result = schema['~standard'].validate(message.payload)
    if (result instanceof Promise) return result.then(accept)
    accept(result)
    return undefined
  }
}

function refusal(issues: readonly Issue[]): HubError {
  const details = issues.slice(0, mostIssues).map(({ message, path }) => ({
    message,
    path: (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)),
  }))
  return new HubError('INVALID_MESSAGE', `The payload does not fit: ${details[0]?.message ?? ''}`, {
    details,
  })
}
