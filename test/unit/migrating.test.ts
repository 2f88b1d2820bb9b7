// The tables of docs/migrating.md: every name in them exists, in what we declare and in what the other package declares.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '../..')

/** Names of members, options and events in TypeScript texts. */
function declared(files: string[]): Set<string> {
  const names = new Set<string>()
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    const member =
      /^\s*(?:(?:readonly|static|declare|abstract|get|set|async|export|function|class|const|type) )*'?([\w-]+)'?\s*[?!]?\s*[(:<,=;\s]/gm
    for (const [, name] of text.matchAll(member)) names.add(name)
    for (const [, name] of text.matchAll(/['"]([\w-]+)['"]/g)) names.add(name)
  }
  return names
}

function below(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(root, folder, name))
}

/** What a span of code names: itself, what follows a dot or `new`, events, and options of an object. */
function namesIn(code: string): string[] {
  const names = [...code.matchAll(/\.([A-Za-z]\w*)/g), ...code.matchAll(/new (\w+)/g)].map(([, name]) => name)
  names.push(...[...code.matchAll(/\bon\('([\w-]+)'\)/g)].map(([, name]) => name))
  names.push(...[...code.matchAll(/(\w+): \{/g)].map(([, name]) => name))
  const alone = /^(\w+)(\(.*\))?$/.exec(code)
  return alone === null ? names : [...names, alone[1]]
}

/** Tables by heading: rows of cells, without the head. */
function tables(): { heading: string; title: string; rows: string[][] }[] {
  const found: { heading: string; title: string; rows: string[][] }[] = []
  let heading = ''
  let open = false
  for (const line of readFileSync(join(root, 'docs/migrating.md'), 'utf8').split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3)
    const cells = line.startsWith('|')
      ? line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
      : undefined
    if (cells !== undefined && !open) found.push({ heading, title: cells[0], rows: [] })
    else if (cells !== undefined && !cells[0].startsWith('---')) found.at(-1)!.rows.push(cells)
    open = cells !== undefined
  }
  return found
}
const spans = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code)

const all = tables().filter(({ title }) => title !== 'you wrote')
/** Events of a program's own, and names of variables. */
const free = new Set(['tick', 'hub', 'io', 'socket', 'wss'])

test('there are tables', () => {
  expect(all.map(({ title }) => title)).toEqual([
    'ws',
    'reconnecting-websocket',
    'Socket.IO server',
    'Socket.IO client',
  ])
  for (const { rows } of all) expect(rows.length).toBeGreaterThan(10)
})

test.each(all)('our names beside $title', ({ rows }) => {
  const ours = declared(below('lib', /\.ts$/))
  const unknown = rows
    .flatMap(([, cell]) => spans(cell).flatMap(namesIn))
    .filter((name) => !ours.has(name) && !free.has(name))
  expect(unknown).toEqual([])
})

const theirs: Record<string, string[]> = {
  ws: [join(root, 'node_modules/@types/ws/index.d.ts')],
  'Socket.IO server': [
    ...below('node_modules/socket.io/dist', /\.d\.ts$/),
    ...below('node_modules/engine.io/build', /\.d\.ts$/),
  ],
}
/** What their types do not say, and their documents do. */
const documented = new Set(['https', 'ack', 'Server', 'connection', 'message', 'close', 'error', 'upgrade'])

test.each(Object.keys(theirs))('names of %s', (title) => {
  const known = declared(theirs[title])
  const { rows } = all.find((table) => table.title === title)!
  const names = rows.flatMap(([cell]) => spans(cell).flatMap(namesIn))
  expect(names.filter((name) => !known.has(name) && !free.has(name) && !documented.has(name))).toEqual([])
})
