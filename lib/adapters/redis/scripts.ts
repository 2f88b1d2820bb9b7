// What Redis does in one step for the log of a room.
//
//   {prefix}:{room}:s   stream   id `offset-0`, fields e (epoch), t (text)
//   {prefix}:{room}:m   hash     e epoch now, o offset of the last entry, b bytes in the stream, r life of the server
//   {prefix}:{room}:w:… string   of a node: number and place of its latest call, for calls that come again
//
// An epoch is `incarnation-count`. The incarnation is drawn when the hash is made: what Redis has lost, or what has
// expired, comes back as another one. The count goes up when a hub asks for it, and when the server was started anew: since
// nobody knows then whether it has all it had said, the offsets jump by more than it can have lost.
import { createHash } from 'node:crypto'

export class Script {
  readonly hash: string
  constructor(readonly text: string) {
    this.hash = createHash('sha1').update(text).digest('hex')
  }
}

/** KEYS stream, hash; ARGV fresh incarnation, life of the server, lifetime of the hash (ms), … Sets e, o, b. */
const open = `
local stream, meta = KEYS[1], KEYS[2]
local function bumped(epoch)
  local name, count = string.match(epoch, '^(.-)%-(%d+)$')
  return name .. '-' .. (tonumber(count) + 1)
end
local known = redis.call('HMGET', meta, 'e', 'o', 'b', 'r')
local e, o, b = known[1], tonumber(known[2]), tonumber(known[3])
if not e then
  e, o, b = ARGV[1] .. '-0', 0, 0
  redis.call('DEL', stream)
  redis.call('HSET', meta, 'e', e, 'o', 0, 'b', 0, 'r', ARGV[2])
  redis.call('PEXPIRE', meta, ARGV[3])
elseif known[4] ~= ARGV[2] then
  e, o = bumped(e), o + 1048576
  redis.call('HSET', meta, 'e', e, 'o', string.format('%d', o), 'r', ARGV[2])
end
`

/** KEYS … writer; ARGV … 4 channel, 5 count, 6 bytes, 7 lifetime of the stream (ms; 0: none), 8 number, 9… texts. */
export const append = new Script(`${open}
local before = redis.call('GET', KEYS[3])
if before then
  local number, epoch, offset = string.match(before, '^(%d+) (%S+) (%d+)$')
  if number == ARGV[8] then return { epoch, offset } end
end
local size = redis.call('XLEN', stream)
if size == 0 then b = 0 end
for i = 9, #ARGV do
  o = o + 1
  size = size + 1
  b = b + #ARGV[i]
  local offset = string.format('%d', o)
  redis.call('XADD', stream, offset .. '-0', 'e', e, 't', ARGV[i])
  redis.call('PUBLISH', ARGV[4], e .. ' ' .. offset .. '\\n' .. ARGV[i])
end
local count, bytes = tonumber(ARGV[5]), tonumber(ARGV[6])
while size > 1 and (size > count or b > bytes) do
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', math.min(64, size - 1))
  local cut
  for _, entry in ipairs(oldest) do
    if size <= count and b <= bytes then break end
    size = size - 1
    b = b - #entry[2][4]
    cut = tonumber(string.match(entry[1], '^%d+'))
  end
  redis.call('XTRIM', stream, 'MINID', string.format('%d-0', cut + 1))
end
local offset = string.format('%d', o)
redis.call('HSET', meta, 'o', offset, 'b', string.format('%d', b))
redis.call('PEXPIRE', meta, ARGV[3])
if ARGV[7] ~= '0' then redis.call('PEXPIRE', stream, ARGV[7]) end
redis.call('SET', KEYS[3], ARGV[8] .. ' ' .. e .. ' ' .. offset, 'PX', 60000)
return { e, offset }
`)

/** ARGV … 4 incarnation and 5 offset of the place ('': none), 6 most. Answers epoch, offset, anew, entries, oldest first. */
export const read = new Script(`${open}
local entries, anew = nil, 0
if ARGV[4] == '' then
  local found = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', ARGV[6])
  entries = {}
  for i = #found, 1, -1 do entries[#entries + 1] = found[i] end
else
  local from = '(' .. ARGV[5] .. '-0'
  if string.match(e, '^(.-)%-%d+$') ~= ARGV[4] or tonumber(ARGV[5]) > o then
    anew = 1
    from = '-'
  end
  entries = redis.call('XRANGE', stream, from, '+', 'COUNT', ARGV[6])
end
return { e, string.format('%d', o), anew, entries }
`)

/** ARGV … 4 the epoch that is to end. */
export const renew = new Script(`${open}
if e == ARGV[4] then redis.call('HSET', meta, 'e', bumped(e)) end
return 1
`)
