// Joins and leaves on their short way: how they are read, who is in a room, and what the I/O thread says of it.
import { readMembership } from '../../lib/server/hub/membership-text'
import { FewSet } from '../../lib/server/hub/few-set'

describe('readMembership', () => {
  test.each([
    '{"type":"join","room":"r"}',
    '{"id":"a-1","type":"leave","timestamp":1764000000000,"correlationId":"a-1","room":"room 1"}',
    '{"room":"r","type":"join","id":"x","id":"y"}',
    '{"type":"leave","type":"join","id":""}',
    '{"type":"join","room":"a}"}',
    '{"type":"join","timestamp":999999999999999,"room":"r"}',
  ])('reads %s as JSON.parse does', (text) => {
    const { payload, ...message } = readMembership(text) ?? { payload: 'none' }
    expect(payload).toBeUndefined()
    expect(message).toEqual(JSON.parse(text))
  })

  test.each([
    '{"type":"joint","room":"r"}',
    '{"room":"r"}',
    '{"type":"join","room":"r","payload":{"last":1}}',
    '{"type":"join","room":"r","payload":"p"}',
    '{"type": "join","room":"r"}',
    '{"type":"join","room":"r" }',
    '{"type":"join","room":"r",}',
    '{"type":"join",,"room":"r"}',
    '{"type":"join","room":"a\\"b"}',
    '{"type":"join","room":"a\tb"}',
    '{"type":"join","room":"ä"}',
    '{"type":"join","room":"r"',
    '"type":"join","room":"r"}',
    '{"type":"join","room":"r"}}',
    '{"type":"join","room":"r"}"}',
    '{"type":"join","timestamp":01,"room":"r"}',
    '{"type":"join","timestamp":,"room":"r"}',
    '{"type":"join","timestamp":1.5,"room":"r"}',
    '{"type":"join","timestamp":9999999999999999,"room":"r"}',
    '{"type":"join","room":"r","timestamp":1}',
    '["join"]',
    '"}',
    '',
  ])('leaves %s to JSON.parse', (text) => {
    expect(readMembership(text)).toBeUndefined()
  })
})

test('a FewSet does what a Set does, in its order, whatever its size', () => {
  const few = new FewSet<number>()
  const set = new Set<number>()
  let state = 1
  for (let i = 0; i < 5000; i++) {
    state = (state * 48271) % 2147483647
    // Grows and shrinks in turn, past the bound on both sides.
    const value = state % (Math.floor(i / 500) % 2 === 0 ? 24 : 6)
    const adds = state % 7 < 4
    expect(adds ? few.add(value) : few.delete(value)).toBe(adds ? !set.has(value) : set.has(value))
    if (adds) set.add(value)
    else set.delete(value)
    expect(few.has(value)).toBe(adds)
    expect(few.size).toBe(set.size)
    if (i % 10 === 0) expect([...few]).toEqual([...set])
  }
  for (const value of few) few.delete(value)
  expect(few.size).toBe(0)
})
