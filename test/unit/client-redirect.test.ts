// Redirects of a client: what is followed, what stays behind, what is refused.
import { In } from '../../lib/native/records'
import { native, turn } from './support/fake-native'
import { answers, connecting, ends, last, openFields, watch } from './support/sockets'

jest.mock('../../lib/native/binding', () => jest.requireActual<object>('./support/fake-native'))

describe('redirects', () => {
  const options = { followRedirects: true, headers: { Authorization: 'secret', Cookie: 'c', 'X-A': '1' } }

  test('off by default', () => {
    const ws = connecting()
    const seen = watch(ws)
    answers(last().slot, 302, ['Location', '/other'])
    expect(seen[0][1]).toMatchObject({ code: 'UNEXPECTED_RESPONSE', statusCode: 302 })
  })

  test('within an origin everything is kept, and the same socket opens', () => {
    const ws = connecting(options)
    const seen = watch(ws)
    answers(last().slot, 307, ['Location', '/other?x=1#frag'])
    expect(ws.url).toBe('ws://example.test/other?x=1')
    expect(last().settings).toMatchObject({ host: 'example.test', target: '/other?x=1' })
    expect(last().settings.headers).toEqual(['Authorization', 'secret', 'Cookie', 'c', 'X-A', '1'])
    native().reactor.deliver(In.open, last().slot, { data: openFields() })
    expect(seen.map((event) => event[0])).toEqual(['redirect', 'upgrade', 'open'])
    ends(last().slot)
  })

  test('to another origin credentials stay behind', () => {
    const ws = connecting(options)
    answers(last().slot, 301, ['Location', 'wss://other.test:9/x'])
    expect(last().settings).toMatchObject({ host: 'other.test', port: 9, headers: ['X-A', '1'] })
    expect(last().settings.tls).toBeGreaterThan(0)
    ws.terminate()
    ends(last().slot, 1006, '', false)
  })

  test('never from TLS to plain text, to nowhere, or without end', () => {
    for (const [url, location, expected] of [
      ['wss://example.test/', 'ws://example.test/', 'INVALID_REDIRECT'],
      ['ws://example.test/', 'ftp://example.test/', 'INVALID_REDIRECT'],
      ['ws://example.test/', '', 'INVALID_REDIRECT'],
    ] as const) {
      const ws = connecting(options, url)
      const seen = watch(ws)
      answers(last().slot, 302, ['Location', location])
      expect(seen.map((event) => event[0])).toEqual(['error', 'close'])
      expect(seen[0][1]).toMatchObject({ code: expected, statusCode: 302 })
    }
    const ws = connecting({ followRedirects: true, maxRedirects: 2 })
    const seen = watch(ws)
    for (let i = 0; i < 3; i++) answers(last().slot, 302, ['Location', '/again'])
    expect(seen.map((event) => event[0])).toEqual(['redirect', 'redirect', 'error', 'close'])
    expect(seen[2][1]).toMatchObject({ code: 'TOO_MANY_REDIRECTS' })
  })

  test('terminate in a `redirect` listener', async () => {
    const ws = connecting(options)
    const seen = watch(ws)
    ws.on('redirect', () => ws.terminate())
    const before = native().connects.length
    answers(last().slot, 302, ['Location', '/other'])
    await turn(2)
    expect(native().connects).toHaveLength(before)
    expect(seen.map((event) => event[0])).toEqual(['redirect', 'error', 'close'])
  })
})
