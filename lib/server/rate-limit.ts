// How much peers may send: the option `rateLimit` of servers and hubs, checked.
import type { NativeRate, NativeRule } from '../../types/native'
import { defaults } from '../core/defaults'
import { HawserTypeError } from '../core/error'
import { OptionReader, badOption } from '../core/validate'

/** So many messages in so many milliseconds: a bucket of `burst` tokens that fills up at this rate. */
export interface RateRule {
  /** Default 100. */
  messages?: number
  /** Milliseconds. Default 60000. */
  per?: number
  /** Messages at once after a pause. Default: `messages`. */
  burst?: number
}

/** Option `rateLimit` of a server. Messages above a rate never reach the program; they are counted. */
export interface RateLimitOptions {
  /** Of each connection; true: 100 a minute. */
  connection?: boolean | RateRule
  /** Of all connections of an address; of IPv6 the first 64 bits count. */
  address?: boolean | RateRule
  /** Milliseconds between two messages of a connection; true: 100. */
  minInterval?: boolean | number
  /**
   * So many refused messages close the connection with 1008, where none of the pauses between them is longer than the
   * longest `per`. Default 0: never.
   */
  closeAfter?: number
  /**
   * Refused texts are answered with an error as docs/protocol.md has it, once until `retryAfter` is over. Default true.
   */
  reply?: boolean
}

/** Option `rateLimit` of a hub. */
export interface HubRateLimitOptions extends RateLimitOptions {
  /** Of all connections of a user, once it is known. */
  user?: boolean | RateRule
}

const limits = ['connection', 'address', 'minInterval', 'closeAfter', 'reply'] as const

/** Null: no limits. Throws INVALID_OPTION. */
export function readRateLimit(given: unknown, ofHub: boolean): NativeRate | null {
  if (given === undefined || given === false) return null
  const known = ofHub ? [...limits, 'user'] : limits
  const options = given === true ? { connection: true } : given
  const reader = new OptionReader('`rateLimit`', options, known, 'rateLimit.')
  const rate: NativeRate = {
    connection: readRule(reader, 'connection'),
    spacing: readSpacing(reader),
    user: ofHub ? readRule(reader, 'user') : [],
    address: readRule(reader, 'address'),
    memory: 0,
    closeAfter: reader.number('closeAfter'),
    reply: reader.boolean('reply', true),
  }
  const rules = [rate.connection, rate.spacing, rate.user, rate.address].filter(({ length }) => length > 0)
  if (rules.length === 0) {
    const names = known.slice(0, 3).concat(ofHub ? ['user'] : [])
    throw new HawserTypeError(
      'INVALID_OPTION',
      `Option \`rateLimit\` limits nothing. Give it ${names.map((name) => `\`${name}\``).join(', ')}, or true`,
    )
  }
  rate.memory = Math.max(...rules.map(([, per = 0]) => per))
  return rate
}

function readRule(reader: OptionReader, name: string): NativeRule {
  const given = reader.raw(name)
  if (given === undefined || given === false) return []
  const options = given === true ? {} : given
  const prefix = `rateLimit.${name}.`
  const rule = new OptionReader(`\`rateLimit.${name}\``, options, ['messages', 'per', 'burst'], prefix)
  const messages = rule.number('messages', 'rateLimit.connection.messages')
  const burst = rule.has('burst') ? rule.number('burst', 'rateLimit.connection.burst') : messages
  return [messages, rule.number('per', 'rateLimit.connection.per'), burst]
}

function readSpacing(reader: OptionReader): NativeRule {
  const given = reader.raw('minInterval')
  if (given === undefined || given === false) return []
  if (given === true) return [1, defaults['rateLimit.minInterval'].value, 1]
  if (typeof given !== 'number') badOption('rateLimit.minInterval', 'true, false or milliseconds', given)
  return [1, reader.number('minInterval'), 1]
}
