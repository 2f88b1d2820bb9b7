// Whether a request is let in, and how: `shouldHandle`, `verify`, subprotocol, further headers.
import { HawserError, HawserTypeError } from '../core/error'
import { headerList, isToken, isFieldValue, tokenList } from '../core/http-syntax'
import { shown } from '../core/validate'
import type { CheckedServerOptions, Verdict } from './server-options'
import type { UpgradeRequest } from './upgrade-request'

/** The peer is let in. */
export interface Accept {
  accept: true
  protocol: string
  /** Further headers of the 101: name, value … */
  headers: string[]
}
/** The peer is refused. */
export interface Refusal {
  accept: false
  status: number
  headers: string[]
  body: string | undefined
  /** What failed, when it was this program and not the peer. */
  error?: HawserError
}
export type Decision = Accept | Refusal

/** The parts of a server that decide. */
export interface Judge {
  readonly options: CheckedServerOptions
  shouldHandle(request: UpgradeRequest): boolean
  /** The answer to a plain GET of a path, when there is one. */
  page(target: string): Refusal | undefined
  /** Lets `headers` listeners add lines `Name: value`. */
  amend(lines: string[], request: UpgradeRequest): void
}

/** The answer to a request that asks for no WebSocket, or for another version: the I/O thread hands these over, too. */
function notAnUpgrade(judge: Judge, { headers, url }: UpgradeRequest): Refusal | undefined {
  const upgrade = tokenList(headers['upgrade'] ?? '') ?? []
  if (!upgrade.some((name) => name.toLowerCase() === 'websocket')) {
    return judge.page(url) ?? refusal(426, ['Upgrade', 'websocket'], 'This is a WebSocket endpoint.\n')
  }
  if (headers['sec-websocket-version'] === '13') return undefined
  const further = ['Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']
  return refusal(426, further, 'Only version 13 is spoken here.\n')
}

export function refusal(status: number, headers: string[] = [], body?: string): Refusal {
  return { accept: false, status, headers, body }
}

/** Never throws and never rejects: what fails in the program's functions becomes a 500 with the error. */
export function decide(judge: Judge, request: UpgradeRequest): Decision | Promise<Decision> {
  try {
    const plain = notAnUpgrade(judge, request)
    if (plain !== undefined) return plain
    if (!judge.shouldHandle(request)) return refusal(404)
    const verdict = judge.options.verify === undefined ? true : judge.options.verify(request)
    if (!isThenable(verdict)) return conclude(judge, request, verdict)
    return Promise.resolve(verdict)
      .then((value) => conclude(judge, request, value))
      .catch(broken)
  } catch (error) {
    return broken(error)
  }
}

function broken(cause: unknown): Refusal {
  const error = new HawserError('VERIFY_FAILED', undefined, { cause })
  return { ...refusal(500), error }
}

function conclude(judge: Judge, request: UpgradeRequest, verdict: unknown): Decision {
  const detail =
    typeof verdict === 'object' && verdict !== null ? (verdict as Exclude<Verdict, boolean>) : undefined
  if (detail === undefined && typeof verdict !== 'boolean') {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`verify\` must answer true, false or an object, not ${shown(verdict)}`,
    )
  }
  const headers = headerList('verify.headers', detail?.headers)
  const status = detail === undefined ? (verdict ? 101 : 403) : (detail.status ?? 101)
  if (status !== 101) {
    if (!Number.isInteger(status) || status < 300 || status > 599) {
      throw new HawserTypeError(
        'INVALID_ARGUMENT',
        `\`verify\` must answer with a status of 101 or 300 to 599, not ${status}`,
      )
    }
    return refusal(status, headers, detail?.body)
  }
  const lines: string[] = []
  judge.amend(lines, request)
  for (const line of lines) headers.push(...splitLine(line))
  return { accept: true, protocol: choose(judge.options, request), headers }
}

/** A `verify` that asks both: whoever refuses decides. */
export function bothVerdicts(
  first: CheckedServerOptions['verify'],
  second: (request: UpgradeRequest) => Promise<Verdict>,
): (request: UpgradeRequest) => Promise<Verdict> {
  if (first === undefined) return second
  return async (request) => {
    const verdict = await first(request)
    const accepts = verdict === true || (typeof verdict === 'object' && (verdict.status ?? 101) === 101)
    if (!accepts) return verdict
    const further = await second(request)
    if (further !== true || verdict === true) return further
    return verdict
  }
}

function splitLine(line: string): [string, string] {
  const at = line.indexOf(':')
  const name = line.slice(0, at)
  const value = line.slice(at + 1).trim()
  if (at < 1 || !isToken(name) || !isFieldValue(value)) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `${shown(line)} in \`headers\` has not the form 'Name: value'`,
    )
  }
  return [name, value]
}

function choose(options: CheckedServerOptions, request: UpgradeRequest): string {
  const offered = request.protocols
  if (options.handleProtocols === undefined) {
    return options.protocols.find((protocol) => offered.includes(protocol)) ?? ''
  }
  if (offered.length === 0) return ''
  const chosen = options.handleProtocols(new Set(offered), request)
  if (chosen === false || chosen === undefined || chosen === '') return ''
  if (!offered.includes(chosen)) {
    throw new HawserTypeError(
      'INVALID_ARGUMENT',
      `\`handleProtocols\` chose ${shown(chosen)}, which was not offered`,
    )
  }
  return chosen
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
