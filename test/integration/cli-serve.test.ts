// `hawser serve` and `hawser bench`: clients of the package ws, and of our own.
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket as WsSocket, WebSocketServer as WsServer } from 'ws'
import { WebSocketClient } from '../../lib'
import { Load } from '../../lib/cli/load'
import { certificates } from '../support/certificates'
import type { Program } from '../support/child'
import { useScope } from '../support/scope'
import { event, events } from '../support/waiters'
import { command, listening, objects, start } from './support/command'

const scope = useScope()

async function serve(...words: string[]): Promise<{ program: Program; url: string }> {
  const program = start('serve', ...words, '--port', '0')
  scope.defer(() => program.kill())
  return { program, url: await listening(program) }
}

async function dial(url: string, options: object = {}): Promise<WsSocket> {
  const socket = new WsSocket(url, options)
  scope.defer(() => socket.terminate())
  await event(socket, 'open')
  return socket
}
const said = async (socket: WsSocket, count: number): Promise<string[]> =>
  (await events<[Buffer]>(socket, 'message', count)).map(([data]) => data.toString())

test('echo: what is sent comes back; SIGTERM says goodbye', async () => {
  const { program, url } = await serve('--verbose')
  const socket = await dial(url)
  const answer = event<[Buffer, boolean]>(socket, 'message')
  socket.send(Buffer.of(1, 2))
  expect(await answer).toEqual([Buffer.of(1, 2), true])
  const closed = event(socket, 'close')
  program.process.kill('SIGTERM')
  expect((await closed)[0]).toBe(1001)
  const out = await program.exit()
  expect(out).toMatchObject({ code: 143, stderr: '' })
  expect(out.stdout).toMatch(/^echo at ws:/)
  expect(out.stdout).toMatch(/open peer=1 from=127\.0\.0\.1 path=\/ connections=1/)
  expect(out.stdout).toMatch(/message peer=1 bytes=2 binary=true/)
})

test('broadcast: to the others of the same path, and lines of the input to everybody', async () => {
  const { program, url } = await serve('broadcast', '--publish', '--json')
  const [a, b, other] = await Promise.all([dial(`${url}/a`), dial(`${url}/a?x=1`), dial(`${url}/other`)])
  const heard = [said(a, 1), said(b, 2), said(other, 1)]
  const first = event<[Buffer]>(b, 'message')
  a.send('hello')
  expect(String((await first)[0])).toBe('hello')
  program.tell('to all')
  expect(await Promise.all(heard)).toEqual([['to all'], ['hello', 'to all'], ['to all']])
  program.process.kill('SIGINT')
  const out = await program.exit()
  expect(out.code).toBe(130)
  expect(objects(out.stdout).filter(({ event: name }) => name === 'open').length).toBe(3)
})

test('hub: rooms, tokens, history, requests and pages', async () => {
  const words = ['--room', 'lobby', '--history', '5', '--user', 't=ann', '--publish', '-q']
  const { program, url } = await serve('hub', ...words)
  const client = new WebSocketClient({ url, auth: () => 't' })
  scope.defer(() => client.close())
  await client.connect()
  await client.joinRoom('lobby')
  await expect(client.joinRoom('elsewhere')).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  expect(await client.request('echo', { a: 1 })).toEqual({ a: 1 })
  expect(await client.request('rooms')).toEqual({ lobby: 1 })
  const news = new Promise((resolve) => client.on('news', ({ payload, room }) => resolve([payload, room])))
  program.tell('news@lobby {"n":1}')
  expect(await news).toEqual([{ n: 1 }, 'lobby'])
  const page = await fetch(`${url.replace('ws', 'http')}/metrics`)
  expect(await page.text()).toContain('hawser_')
  const stranger = new WsSocket(url, 'hawser.v1', { headers: { Authorization: 'Bearer x' } })
  const [error] = await event<[Error]>(stranger, 'error')
  expect(error.message).toContain('401')
})

test('wss', async () => {
  const { ca, server } = certificates()
  const folder = mkdtempSync(join(tmpdir(), 'hawser-cli-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'cert.pem'), server.cert)
  writeFileSync(join(folder, 'key.pem'), server.key)
  const { url } = await serve(
    '--cert',
    join(folder, 'cert.pem'),
    '--key',
    join(folder, 'key.pem'),
    '--path',
    '/x',
  )
  expect(url).toMatch(/^wss:.*\/x$/)
  const socket = await dial(url, { ca })
  const answer = said(socket, 1)
  socket.send('secret')
  expect(await answer).toEqual(['secret'])
})

test('--static: files of the folder, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-cli-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'site/sub'), { recursive: true })
  writeFileSync(join(folder, 'site/index.html'), '<p>hello')
  writeFileSync(join(folder, 'site/sub/app.js'), 'run()')
  writeFileSync(join(folder, 'site/.env'), 'SECRET=1')
  writeFileSync(join(folder, 'outside.txt'), 'outside')
  symlinkSync(join(folder, 'outside.txt'), join(folder, 'site/link.txt'))
  const { url } = await serve('--static', join(folder, 'site'))
  // Not fetch: that takes the dots out of a path.
  const get = (path: string): Promise<[number, string, string]> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url)
      httpRequest({ hostname, port, path, agent: false }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () =>
          resolve([response.statusCode!, response.headers['content-type'] ?? '', text]),
        )
      })
        .on('error', reject)
        .end()
    })
  expect(await get('/')).toEqual([200, 'text/html; charset=utf-8', '<p>hello'])
  expect(await get('/sub/app.js?v=1')).toEqual([200, 'text/javascript; charset=utf-8', 'run()'])
  const hidden = [
    '/.env',
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/link.txt',
    '/sub',
    '/none',
    '/%00',
    '/%zz',
  ]
  expect((await Promise.all(hidden.map(get))).map(([status]) => status)).toEqual(hidden.map(() => 404))
  const socket = await dial(url)
  const answer = said(socket, 1)
  socket.send('both on one port')
  expect(await answer).toEqual(['both on one port'])
})

test('a port that is taken, and words that make no sense', async () => {
  const { url } = await serve()
  const run = (...words: string[]): ReturnType<typeof command> => command(['serve', ...words])
  const outcomes = await Promise.all([
    run('--port', new URL(url).port),
    run('shout'),
    run('hub', '--user', 'nobody'),
  ])
  expect(outcomes.map(({ code }) => code)).toEqual([1, 2, 2])
  const words = ['EADDRINUSE', 'One of echo', 'TOKEN=NAME']
  expect(outcomes.map(({ stderr }, i) => stderr.includes(words[i]))).toEqual(words.map(() => true))
})

describe('bench', () => {
  const brief = ['-c', '4', '-f', '2', '--warmup', '0', '--seconds', '0.2', '--json']

  test('--serve measures a server of its own and ends it', async () => {
    const out = await command(['bench', '--serve', ...brief, '--size', '1000', '--deflate', '--binary'])
    expect(out).toMatchObject({ code: 0, stderr: '' })
    const [result] = objects(out.stdout) as [Record<string, number> & { latency: Record<string, number> }]
    expect(result).toMatchObject({ connections: 4, failed: 0, lost: 0, errors: {} })
    expect(result['messages']).toBeGreaterThan(0)
    const { min, p50, p99, max } = result.latency
    expect([min, p50, p99, max]).toEqual([min, p50, p99, max].sort((a, b) => a - b))
  })

  test('a rate is kept to, and text is for people', async () => {
    const { url } = await serve('-q')
    const [json, text] = await Promise.all([
      command(['bench', url, ...brief, '--rate', '50']),
      command(['bench', url, ...brief.slice(0, -1), '--rate', '50']),
    ])
    // No more than is due; how much less is the machine's affair.
    expect((objects(json.stdout)[0] as { messages: number }).messages).toBeLessThanOrEqual(15)
    expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/^connections +4 in /) as string })
  })

  test('connections that fail are counted by their codes', async () => {
    const out = await command(['bench', 'ws://127.0.0.1:1', ...brief])
    expect(out.code).toBe(1)
    expect(objects(out.stdout)[0]).toMatchObject({
      failed: 4,
      errors: { CONNECTION_REFUSED: 4 },
      messages: 0,
    })
  })

  test('a connection that is lost while others are still opened counts', async () => {
    let close: () => void = () => {}
    const closed = new Promise<void>((resolve) => (close = resolve))
    let dialled = 0
    const server = new WsServer({
      port: 0,
      host: '127.0.0.1',
      verifyClient: (_, done) => {
        if (dialled++ === 0) done(true)
        else void closed.then(() => done(true))
      },
    })
    scope.defer(() => server.close())
    server.once('connection', (socket) => socket.on('close', close).close(4000))
    await event(server, 'listening')
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    const kind = { protocols: [], socket: {}, inFlight: 1, size: 1, binary: false, rate: 0 }
    const options = { url, ...kind, connections: 2, warmup: 0, time: 1 }
    const result = await new Load(options, new AbortController().signal).run()
    expect(result).toMatchObject({ connections: 2, failed: 0, lost: 1 })
  })
})

test('help, version, and a command that there is not', async () => {
  const outcomes = await Promise.all(
    [
      ['--help'],
      ['connect', '--help'],
      ['help', 'serve'],
      ['bench', 'x', '-h'],
      ['--version'],
      [],
      ['conect'],
    ].map((words) => command(words)),
  )
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 2, 2])
  const { version } = jest.requireActual<{ version: string }>('../../package.json')
  const heads = [
    'usage: hawser COMMAND',
    'usage: hawser connect',
    'usage: hawser serve',
    'usage: hawser bench',
    version,
  ]
  expect(outcomes.slice(0, 5).map(({ stdout }, i) => stdout.startsWith(heads[i]))).toEqual(
    heads.map(() => true),
  )
  expect(outcomes[6].stderr).toContain('Did you mean connect?')
})
