// What the HTTP fallback decides by itself: which way a client goes, and frames between a session and its connection.
import { Ways } from '../../lib/client/portable/fallback'
import { FrameReader, Opcode, clientFrame, closeFrame } from '../../lib/server/fallback/frames'
import { readHead, readRecords } from '../../lib/server/fallback/records'
import { encodeFrame, FrameParser, OP } from '../support/frames'
import { Random } from '../support/random'

const options = { after: 2, retry: 100, patience: 1 }

test('HTTP comes after so many dials that did not open, of that endpoint', () => {
  const ways = new Ways(options)
  expect(ways.next(0, 0)).toBe('socket')
  ways.failed(0, 'socket', false)
  expect(ways.next(0, 0)).toBe('socket')
  ways.failed(0, 'socket', false)
  expect([ways.next(0, 0), ways.next(1, 0)]).toEqual(['http', 'socket'])
  // Neither way: both begin anew.
  ways.failed(0, 'http', false)
  expect(ways.next(0, 0)).toBe('socket')
})

test('one that drags on is enough, one that opens is forgiven', () => {
  const ways = new Ways(options)
  ways.failed(0, 'socket', true)
  expect(ways.next(0, 0)).toBe('http')
  ways.opened(0, 'socket', 0)
  expect(ways.next(0, 0)).toBe('socket')
})

test('where HTTP has opened it stays for a time, and is back after one dial that failed', () => {
  const ways = new Ways(options)
  ways.opened(0, 'http', 1_000)
  expect([ways.next(0, 1_099), ways.next(0, 1_100)]).toEqual(['http', 'socket'])
  ways.failed(0, 'socket', false)
  expect(ways.next(0, 1_100)).toBe('http')
  ways.failed(0, 'http', false)
  expect(ways.next(0, 1_100)).toBe('socket')
  ways.failed(0, 'socket', false)
  expect(ways.next(0, 1_100)).toBe('http')
  ways.opened(0, 'http', 1_200)
  expect(ways.next(0, 1_299)).toBe('http')
})

test('frames of a server are read in whatever pieces they come', () => {
  const random = new Random()
  const said: unknown[] = []
  const reader = new FrameReader({
    message: (data) => said.push(data),
    ping: (payload) => said.push(['ping', payload.toString()]),
    close: (code, reason) => said.push([code, reason]),
  })
  const long = 'é'.repeat(40_000)
  const wire = Buffer.concat([
    encodeFrame({ opcode: OP.text, payload: 'short', mask: false }),
    encodeFrame({ opcode: OP.text, payload: 'a', fin: false, mask: false }),
    encodeFrame({ opcode: OP.ping, payload: 'p', mask: false }),
    encodeFrame({ opcode: OP.continuation, payload: 'b', mask: false }),
    encodeFrame({ opcode: OP.text, payload: 'x'.repeat(200), mask: false }),
    encodeFrame({ opcode: OP.text, payload: long, mask: false }),
    encodeFrame({ opcode: OP.pong, payload: '', mask: false }),
    encodeFrame({ opcode: OP.binary, payload: Buffer.from([1, 2]), mask: false }),
    encodeFrame({ opcode: OP.close, payload: Buffer.from([0x0f, 0xa0, 0x62]), mask: false }),
    encodeFrame({ opcode: OP.close, payload: '', mask: false }),
  ])
  for (let at = 0; at < wire.length;) {
    const size = 1 + random.below(random.below(4) === 0 ? 20_000 : 7)
    reader.push(wire.subarray(at, at + size))
    at += size
  }
  expect(said).toEqual([
    'short',
    ['ping', 'p'],
    'ab',
    'x'.repeat(200),
    long,
    Buffer.from([1, 2]),
    [4000, 'b'],
    [1005, ''],
  ])
})

test.each([0, 1, 125, 126, 65_535, 65_536])('a frame of %d bytes is one of a client', (size) => {
  const payload = Buffer.alloc(size, 7)
  const [frame] = new FrameParser().push(clientFrame(Opcode.binary, payload))
  expect(frame).toMatchObject({ fin: true, opcode: OP.binary })
  expect(frame.payload.equals(payload)).toBe(true)
})

test('close frames carry their code', () => {
  expect(closeFrame(undefined, '').subarray(0, 2)).toEqual(Buffer.from([0x88, 0x80]))
  expect(closeFrame(1001, 'é').subarray(6)).toEqual(Buffer.from([0x03, 0xe9, 0xc3, 0xa9]))
})

test('nothing that a peer may post makes the readers throw', () => {
  const random = new Random()
  const seeds = [
    '{"session":"s","seq":1,"ack":2}',
    '["close",1000,"x"]',
    '["binary","AA=="]',
    '"text"',
    '{}',
    '',
  ]
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from(seeds[random.below(seeds.length)])
    for (let i = random.below(4); i > 0; i--) {
      text.splice(random.below(text.length + 1), random.below(3), String.fromCharCode(random.below(128)))
    }
    readHead(text.join(''))
    readRecords(text.join('').split('\n'))
  }
  expect(readRecords(['"a"', '', '["close"]'])).toEqual([
    { kind: 'message', data: 'a' },
    { kind: 'close', code: undefined, reason: '' },
  ])
})
