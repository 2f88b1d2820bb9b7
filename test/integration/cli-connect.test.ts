// `hawser connect`, against servers of the package ws, of Node and of our own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, createServer as createHttp } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type WebSocket as WsSocket, WebSocketServer as WsServer } from 'ws'
import { Hub, WebSocketServer } from '../../lib'
import { Report } from '../../lib/cli/report'
import { SocketPeer } from '../../lib/cli/socket-peer'
import { Terminal } from '../../lib/cli/terminal'
import { certificates } from '../support/certificates'
import { useScope } from '../support/scope'
import { refusingPort } from '../support/addresses'
import { event, within } from '../support/waiters'
import { command, objects, start } from './support/command'

const scope = useScope()

type Taken = (socket: WsSocket, request: IncomingMessage) => void

/** A server of the package ws; by default it echoes. */
async function wsServer(taken: Taken = echo, options: object = {}): Promise<string> {
  const server = new WsServer({ host: '127.0.0.1', port: 0, ...options })
  scope.defer(async () => {
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => server.close(resolve))
  })
  server.on('connection', taken)
  await event(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const echo: Taken = (socket) =>
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))

describe('messages', () => {
  test('--send says each in order, prints what comes back, and ends', async () => {
    const url = await wsServer()
    const out = await command(['connect', url, '-s', 'grüße', '--exec', '2', '--count', '2'])
    expect(out).toMatchObject({ code: 0, stdout: 'grüße\n2\n' })
    expect(out.stderr).toContain(`connected to ${url}`)
  })

  test('a pipe is a message a line, and nothing is lost', async () => {
    const url = await wsServer()
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`).join('\n')
    const out = await command(['connect', url, '-q', '--count', '20000'], lines)
    expect(out).toMatchObject({ code: 0, stderr: '' })
    expect(out.stdout === `${lines}\n`).toBe(true)
  })

  test('a peer that does not read holds the input back', async () => {
    let far: WsSocket | undefined
    const url = await wsServer((socket) => {
      far = socket
      socket.pause()
    })
    const options = { url, protocols: [], socket: {}, reconnect: false, binary: false, commands: false }
    const silent = new Terminal(new PassThrough().resume(), new PassThrough().resume(), {}, () => {})
    const report = new Report(silent, { json: false, raw: false, quiet: true, count: 0 })
    const peer = new SocketPeer(options, report)
    await peer.open()
    const listening = peer['socket']!.listenerCount('close')
    const text = 'x'.repeat(65_536)
    let held: Promise<void> | undefined
    for (let i = 0; i < 4096 && held === undefined; i++) {
      const taken = peer.take(text)
      const turn = new Promise<string>((resolve) => setImmediate(() => resolve('later')))
      if ((await Promise.race([taken, turn])) === 'later') held = taken
    }
    expect(held).toBeDefined()
    far!.resume()
    await within(held!, 'room for more')
    // Each time it was held back would else leave one.
    expect(peer['socket']!.listenerCount('close')).toBe(listening)
    await peer.close()
  })

  test('binary: shown as digits, sent from a pipe as it is', async () => {
    const url = await wsServer()
    const [shown, raw] = await Promise.all([
      command(['connect', url, '--binary', '-s', 'AZ', '-n', '1']),
      command(['connect', url, '--binary', '--raw', '-n', '1'], 'no line end'),
    ])
    expect(shown).toMatchObject({ code: 0, stdout: '2 bytes: 415a\n' })
    expect(raw).toMatchObject({ code: 0, stdout: 'no line end' })
  })

  test('--json says everything that happens; commands in a pipe', async () => {
    const url = await wsServer((socket, request) => {
      echo(socket, request)
      socket.on('ping', (data) => {
        socket.send(`pinged ${data.toString()}`)
        socket.ping('you there')
      })
    })
    const lines = '/ping x\n//slash\n/binary 00ff\n/nonsense\n/binary 0\n/close 4001 bye\n'
    const out = await command(['connect', url, '--json', '--slash'], lines)
    const said = objects(out.stdout)
    expect(out.code).toBe(0)
    expect(said[0]).toEqual({ event: 'open', url: `${url}/`, protocol: '', extensions: '' })
    expect(said.at(-1)).toEqual({ event: 'close', code: 4001, reason: 'bye' })
    expect(said).toEqual(expect.arrayContaining([{ event: 'ping', data: 'you there' }]))
    expect(out.stderr).toContain('there is no command /nonsense')
    expect(out.stderr).toContain('/binary takes hexadecimal digits')
  })

  test('pongs and answers to commands are shown', async () => {
    const url = await wsServer()
    const out = await command(
      ['connect', url, '--json', '--slash', '-n', '2'],
      '/ping x\n//slash\n/binary 00ff\n',
    )
    expect(objects(out.stdout).filter(({ event: name }) => name !== 'open' && name !== 'close')).toEqual([
      { event: 'pong', data: 'x' },
      { event: 'message', data: '/slash' },
      { event: 'message', binary: true, base64: 'AP8=' },
    ])
  })
})

describe('the handshake', () => {
  test('subprotocols, headers, origin, credentials and compression', async () => {
    let heard: IncomingMessage | undefined
    const url = await wsServer(
      (socket, request) => {
        heard = request
        echo(socket, request)
      },
      { perMessageDeflate: true },
    )
    const words = [
      '-p',
      'a',
      '-p',
      'b',
      '-H',
      'X-One: 1',
      '-o',
      'https://o.example',
      '--auth',
      'me:pw',
      '--deflate',
    ]
    const out = await command(['connect', url, '--json', '-s', 'x', '-n', '1', ...words])
    expect(out.code).toBe(0)
    expect(objects(out.stdout)[0]).toMatchObject({
      protocol: 'a',
      extensions: expect.stringContaining('permessage-deflate') as string,
    })
    expect(heard?.headers).toMatchObject({
      'x-one': '1',
      origin: 'https://o.example',
      authorization: 'Basic bWU6cHc=',
    })
  })

  test('TLS: refused, trusted, and taken as it is', async () => {
    const { ca, server: identity } = certificates()
    const web = createServer(identity)
    const server = new WsServer({ server: web })
    server.on('connection', echo)
    web.listen(0, '127.0.0.1')
    await event(web, 'listening')
    scope.defer(() => {
      server.close()
      web.closeAllConnections()
      web.close()
    })
    const folder = mkdtempSync(join(tmpdir(), 'hawser-cli-'))
    scope.defer(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, 'ca.pem'), ca)
    const url = `wss://127.0.0.1:${(web.address() as AddressInfo).port}`
    const say = ['connect', url, '-s', 'x', '-n', '1']
    const [refused, trusted, insecure] = await Promise.all([
      command(say),
      command([...say, '--ca', join(folder, 'ca.pem')]),
      command([...say, '--insecure']),
    ])
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('TLS_CERT_UNTRUSTED') as string,
    })
    expect(trusted).toMatchObject({ code: 0, stdout: 'x\n' })
    expect(insecure).toMatchObject({ code: 0, stdout: 'x\n' })
  })

  test('redirects are followed when asked for', async () => {
    const url = await wsServer()
    const web = createHttp().on('upgrade', (_, socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${url}/there\r\nConnection: close\r\n\r\n`)
    })
    web.listen(0, '127.0.0.1')
    await event(web, 'listening')
    scope.defer(() => web.close())
    const from = `ws://127.0.0.1:${(web.address() as AddressInfo).port}`
    const [followed, refused] = await Promise.all([
      command(['connect', from, '-L', '-s', 'x', '-n', '1']),
      command(['connect', from, '-s', 'x']),
    ])
    expect(followed).toMatchObject({ code: 0, stdout: 'x\n' })
    expect(followed.stderr).toContain(`redirected to ${url}/there`)
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNEXPECTED_RESPONSE') as string,
    })
  })
})

describe('the end', () => {
  test('what fails is 1, what makes no sense is 2, and both say why', async () => {
    const url = await wsServer()
    const closing = await wsServer((socket) => socket.close(4000, 'no'))
    const leaving = await wsServer((socket) => socket.close(1000, 'done'))
    const refusing = await refusingPort()
    scope.defer(() => refusing.close())
    const { port } = refusing
    const run = (...words: string[]): ReturnType<typeof command> => command(['connect', ...words])
    const outcomes = await Promise.all([
      run(`ws://127.0.0.1:${port}`, '-s', 'x'),
      run(closing, '--listen'),
      run(leaving, '--listen'),
      run(leaving, '--count', '1', '--listen'),
      run(url, '--count', '2', '-s', 'x', '--timeout', '0.3'),
      run(),
      // What the client refuses itself.
      run(url, '--proxy', 'x'),
    ])
    expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 0, 1, 1, 2, 2])
    const words = ['CONNECTION_REFUSED', '4000 no', '1000 done', '1000 done', 'has not come', 'Give a URL']
    words.push('INVALID_OPTION')
    expect(outcomes.map(({ stderr }, i) => stderr.includes(words[i]))).toEqual(words.map(() => true))
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s closes the connection in good order', async (signal, code) => {
    let closed: Promise<unknown[]> | undefined
    const url = await wsServer((socket) => {
      closed = event(socket, 'close')
      socket.send('ready')
    })
    const program = start('connect', url, '--listen')
    await program.says(/ready/)
    program.process.kill(signal)
    expect(await program.exit()).toMatchObject({ code, signal: null })
    expect((await closed)?.[0]).toBe(1005)
  })

  test('when nobody reads what it prints any more it ends without a word', async () => {
    const url = await wsServer((socket) => {
      const more = (): void => {
        if (socket.readyState !== socket.OPEN) return
        socket.send('tick')
        setImmediate(more)
      }
      more()
    })
    const program = start('connect', url, '--listen', '-q')
    await program.says(/tick/)
    program.process.stdout!.destroy()
    expect(await program.exit()).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  test('--reconnect tries again', async () => {
    let connections = 0
    const url = await wsServer((socket) => {
      if (++connections === 1) socket.terminate()
      else socket.send('back')
    })
    const out = await command(['connect', url, '--reconnect', '--listen', '--json', '-n', '1'])
    expect(out.code).toBe(0)
    const names = objects(out.stdout).map(({ event: name }) => name)
    expect(names.filter((name) => name !== 'error')).toEqual([
      'open',
      'close',
      'reconnecting',
      'open',
      'message',
      'close',
    ])
  })
})

describe('--hub', () => {
  async function hub(options: ConstructorParameters<typeof Hub>[1] = {}): Promise<{ hub: Hub; url: string }> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    const it = new Hub(server, options)
    scope.defer(() => it.close({ timeout: 0 }))
    await event(server, 'listening')
    return { hub: it, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  test('joins rooms, sends, asks, and prints envelopes', async () => {
    const { hub: it, url } = await hub()
    it.on('chat', (payload, _, { room }) => void it.to(room!).send('chat', payload))
    it.handle('sum', (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0))
    const lines = 'chat@lobby {"text":"hi"}\n/request sum [1,2]\n/join other\n/rooms\n/leave other\n/nope\n'
    const out = await command(['connect', url, '--hub', '--join', 'lobby', '--json'], lines)
    const said = objects(out.stdout)
    expect(said).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ event: 'connected', protocol: 'hawser.v1' }),
        { event: 'joined', room: 'lobby' },
        {
          event: 'message',
          message: expect.objectContaining({
            type: 'chat',
            room: 'lobby',
            payload: { text: 'hi' },
          }) as object,
        },
        { event: 'message', message: 3 },
        { event: 'rooms', rooms: ['lobby', 'other'] },
        { event: 'left', room: 'other' },
      ]),
    )
    expect(out).toMatchObject({ code: 0, stderr: expect.stringContaining('no command /nope') as string })
  })

  test('--request prints the reply; its error, and a token that is refused, are failures', async () => {
    const { hub: it, url } = await hub({ auth: (_, token) => token === 't' && { userId: 'ann' } })
    it.handle('who', (_, { userId }) => userId)
    const [fine, unknown, refused] = await Promise.all([
      command(['connect', url, '--hub', '--token', 't', '--request', 'who', '-q']),
      command(['connect', url, '--hub', '--token', 't', '--request', 'nobody answers', '-q', '-t', '30']),
      command(['connect', url, '--hub', '--token', 'x', '--request', 'who', '-q']),
    ])
    expect(fine).toMatchObject({ code: 0, stdout: '"ann"\n', stderr: '' })
    expect(unknown.code).toBe(1)
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('AUTHENTICATION_FAILED') as string,
    })
  })

  test('--ack waits for the ack of each message', async () => {
    const { hub: it, url } = await hub()
    const seen: unknown[] = []
    it.on('log', (payload) => void seen.push(payload))
    const out = await command(['connect', url, '--hub', '--ack', '-w', '0', '-s', 'log 1', '-s', 'log two'])
    expect(out).toMatchObject({ code: 0, stdout: '' })
    expect(seen).toEqual([1, 'two'])
  })
})
