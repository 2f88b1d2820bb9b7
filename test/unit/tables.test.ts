// Tables that have to agree: numbers in C++ and in TypeScript, defaults in code and in the documentation.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HawserError, HawserRangeError, HawserTypeError } from '../../lib'
import { clientStates, settlements } from '../../lib/client/engine'
import { defaults } from '../../lib/core/defaults'
import { gauges } from '../../lib/native/client-gauges'
import { serverGauges } from '../../lib/native/server-gauges'
import { fromCore, fromNative } from '../../lib/core/error'
import { coreCodes } from '../../lib/core/error-codes'
import { errorTable } from '../../lib/core/error-table'
import * as records from '../../lib/native/records'

const root = join(__dirname, '../..')
const file = (name: string): string => readFileSync(join(root, name), 'utf8')

/** `name = number` pairs of an enum or a namespace. */
function numbers(source: string, start: string): Record<string, number> {
  const from = source.indexOf(start)
  if (from < 0) throw new Error(`no ${start}`)
  const body = source.slice(from, source.indexOf('\n}', from))
  const found: Record<string, number> = {}
  for (const [, name, value] of body.matchAll(/(\w+) =\s+(\d+)[,;]/g)) found[name] = Number(value)
  return found
}

describe('records', () => {
  const source = file('src/bridge/records.hpp')
  test('kinds', () => {
    expect(records.In).toEqual(numbers(source, 'enum class in_kind'))
    expect(records.Out).toEqual(numbers(source, 'enum class out_kind'))
  })
  test('servers', () => {
    const source = file('src/core/net/server_state.hpp')
    const names = [...source.matchAll(/^ {4}(\w+),$/gm)].map(([, name]) =>
      name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()),
    )
    expect([...serverGauges]).toEqual(names)
  })
  test('managed clients', () => {
    expect(records.ClientOp).toEqual(numbers(source, 'enum class client_op'))
    expect(records.ClientNotice).toEqual(numbers(source, 'enum class client_notice'))
    const [listed] = /enum class gauge [^}]*/.exec(file('src/core/client/client_gauges.hpp')) ?? []
    const names = [...(listed ?? '').matchAll(/^ {2}(\w+),$/gm)].map(([, name]) => name)
    const camel = names
      .filter((name) => name !== 'count_')
      .map((name) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()))
    expect([...gauges]).toEqual(camel)
    const numbered = (list: readonly string[]) => Object.fromEntries(list.map((name, i) => [name, i]))
    expect(numbered(settlements)).toEqual(
      numbers(file('src/core/client/client_host.hpp'), 'enum class settlement'),
    )
    expect(numbered(clientStates)).toEqual(
      numbers(file('src/core/client/client_machine.hpp'), 'enum class client_state'),
    )
  })
  test('flags', () => {
    expect(records.InFlag).toEqual(numbers(source, 'namespace in_flag'))
    expect(records.OutFlag).toEqual(numbers(source, 'namespace out_flag'))
  })
  test('numbers', () => {
    expect(source).toContain(`message_overhead = ${records.messageOverhead};`)
    expect(source).toContain(`large_threshold = ${records.largeThreshold / 1024} * 1024;`)
    expect(source).toContain(`no_slot = 0x${records.noSlot.toString(16)}u;`)
  })
})

describe('errors', () => {
  test('codes have the numbers of the core', () => {
    const codes = numbers(file('src/core/error.hpp'), 'enum class errc')
    delete codes['none']
    // Three are named after the system's own names.
    const own: Record<string, string> = {
      address_in_use: 'EADDRINUSE',
      address_not_available: 'EADDRNOTAVAIL',
      access_denied: 'EACCES',
    }
    const expected = Object.fromEntries(
      Object.entries(codes).map(([name, number]) => [number, own[name] ?? name.toUpperCase()]),
    )
    expect(coreCodes).toEqual(expected)
  })

  test('every code has a row; messages say something and end without a full stop', () => {
    for (const code of Object.values(coreCodes)) expect(errorTable).toHaveProperty(code)
    for (const [code, facts] of Object.entries(errorTable)) {
      expect([code, facts.message.length > 15, facts.message.endsWith('.')]).toEqual([code, true, false])
    }
  })

  test('an error of the core has the row, the words of the library and a cause', () => {
    const error = fromCore(4, -2, 'nowhere.test: no such name.')
    expect(error).toBeInstanceOf(HawserError)
    expect(error).toMatchObject({ name: 'HawserError', code: 'DNS_FAILED', recoverable: true })
    expect(error.message).toContain('(nowhere.test: no such name)')
    expect(error.cause).toMatchObject({ message: 'nowhere.test: no such name.', errno: -2 })
    expect(fromCore(40, 0, '').closeCode).toBe(1002)
    expect(fromCore(40, 0, '').cause).toBeUndefined()
    expect(fromCore(9999, 0, 'future')).toMatchObject({ code: 'UNKNOWN' })
    expect(Object.keys(new HawserError('ABORTED'))).toEqual(['code', 'recoverable'])
  })

  test('what the native part throws is translated, everything else left alone', () => {
    expect(fromNative(Object.assign(new Error('x'), { code: 28 }))).toMatchObject({
      code: 'TLS_BAD_MATERIAL',
    })
    const other = new Error('x')
    expect(fromNative(other)).toBe(other)
  })

  test('argument errors are of the language’s kinds', () => {
    expect(new HawserTypeError('INVALID_URL', 'm')).toBeInstanceOf(TypeError)
    expect(new HawserRangeError('INVALID_OPTION', 'm')).toBeInstanceOf(RangeError)
  })
})

describe('docs/defaults.md', () => {
  test('has one row for each default, with its unit, value and bounds', () => {
    const rows = file('docs/defaults.md')
      .split('\n')
      .filter((line) => /^\| `/.test(line))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .slice(1, 5),
      )
    const units = { bytes: 'bytes', ms: 'ms', count: 'count', bits: 'bits', level: 'level' }
    const expected = Object.entries(defaults).map(([name, row]) => [
      `\`${name}\``,
      units[row.unit],
      String(row.value),
      `${row.min} to ${row.max}`,
    ])
    expect(rows).toEqual(expected)
  })
})
