// Whom a client trusts that names no authorities: those of Node, and those that the environment adds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificates } from '../support/certificates'
import { run } from '../support/child'
import { useScope } from '../support/scope'

const scope = useScope()
const made = certificates()

/** What a client in a process of its own says of a server whose certificate `made.ca` signed. */
async function verdict(extra?: string): ReturnType<typeof run> {
  const { url } = await scope.server({ tls: made.server })
  const script = `
    const client = new WebSocket(${JSON.stringify(url)})
    client.on('open', () => { say('trusted', client.upgradeResponse.tls.authorized); client.close() })
    client.on('error', (error) => say(error.code))`
  // Set to nothing it counts as not set, and so it is that the environment of this run does not matter.
  return await run(script, { env: { NODE_EXTRA_CA_CERTS: extra ?? '' } })
}

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hawser-roots-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'extra.pem'), text)
  return join(folder, 'extra.pem')
}

test('NODE_EXTRA_CA_CERTS adds authorities', async () => {
  expect(await verdict(file(made.ca))).toMatchObject({ code: 0, stdout: 'trusted true\n', stderr: '' })
})

test('several in one file', async () => {
  const all = `${made.selfSigned.cert}\n${made.ca}`
  expect(await verdict(file(all))).toMatchObject({ code: 0, stdout: 'trusted true\n', stderr: '' })
})

test('without it, or with another authority, the server is not trusted', async () => {
  for (const extra of [undefined, file(made.selfSigned.cert)])
    expect(await verdict(extra)).toMatchObject({ code: 0, stdout: 'TLS_CERT_UNTRUSTED\n', stderr: '' })
})

test('a file that is not there, or holds no certificate, adds none', async () => {
  for (const extra of [join(tmpdir(), 'hawser-no-such-file.pem'), file('no certificate\n')])
    expect(await verdict(extra)).toMatchObject({ code: 0, stdout: 'TLS_CERT_UNTRUSTED\n' })
})
