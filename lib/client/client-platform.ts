// What carries the clients of Node: the native core. Where the program brings a WebSocket of its own, or there is no
// native part for the machine, the portable engine.
import { HawserError, HawserTypeError, fromNative } from '../core/error'
import { binding } from '../native/binding'
import type { ClientBody } from './client-body'
import { ClientInbox } from './client-inbox'
import { type ManagedClientOptions, readManagedOptions } from './client-options'
import type { ClientEngine, EngineEvents } from './engine'
import { makeEngine as makeNative } from './native-client'
import { type PortableOptions, readPortableOptions } from './portable/portable-options'
import { platform, type PlatformSocketConstructor } from './portable/platform'
import { WireEngine } from './portable/wire-engine'
import type { CheckedManagedOptions } from './client-options'
import { WireInbox } from './wire-inbox'

export type PlatformOptions = CheckedManagedOptions | PortableOptions

let warned = false

/** Why the native part does not load, or undefined. */
function nativeTrouble(): HawserError | undefined {
  try {
    binding()
    return undefined
  } catch (error) {
    return error as HawserError
  }
}

/**
 * Throws `INVALID_OPTION`, `INVALID_URL`, `INVALID_ARGUMENT`; `NATIVE_UNAVAILABLE` where neither engine can serve these
 * options.
 */
export function readOptions(options: ManagedClientOptions | string | URL): PlatformOptions {
  const given = (options as { WebSocket?: unknown } | null | undefined)?.WebSocket
  if (given !== undefined) return readPortableOptions(options, 'the portable engine')
  const trouble = nativeTrouble()
  if (trouble === undefined) return readManagedOptions(options)
  if (platform.WebSocket === undefined) throw trouble
  let checked: PortableOptions
  try {
    checked = readPortableOptions(options, 'the portable engine')
  } catch (error) {
    // An option of the native engine's: what is missing is the native part, not another option.
    const known = error instanceof HawserTypeError && error.message.includes('portable engine')
    throw known ? new HawserError('NATIVE_UNAVAILABLE', `${error.message}. ${trouble.message}`) : error
  }
  if (!warned) {
    warned = true
    process.emitWarning('hawser uses its portable engine: slower, on the event loop, without TLS options', {
      code: 'HAWSER_PORTABLE',
      detail: trouble.message,
    })
  }
  return checked
}

export function makeInbox(face: unknown, body: ClientBody, options: PlatformOptions): ClientInbox {
  return new (options.codec === undefined && options.dialect === undefined ? ClientInbox : WireInbox)(
    face,
    body,
  )
}

/** Throws what the native part throws, and `TLS_BAD_MATERIAL`. */
export function makeEngine(options: PlatformOptions, events: EngineEvents): ClientEngine {
  if ('portable' in options) return new WireEngine(options, options.portable, withBuffers(events))
  try {
    return makeNative(options, events)
  } catch (error) {
    throw fromNative(error)
  }
}

export type { PlatformSocketConstructor }

/** Bytes come as a Buffer in Node, whatever brought them. */
function withBuffers(events: EngineEvents): EngineEvents {
  const told = Object.create(events) as EngineEvents
  told.binary = (data) => events.binary(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return told
}
