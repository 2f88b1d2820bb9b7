// The command line of the demo.
import { defaults, help, readArguments, UsageError } from '../../examples/demo/arguments.mjs'

test('nothing said: the defaults', () => {
  expect(readArguments([])).toEqual({ ...defaults, help: false })
})

test('every option', () => {
  const words = '--seconds 1.5 --subscribers 8 --topics 3 --rate 1000 --slow 2 --policy drop --chaos'
  expect(readArguments(words.split(' '))).toEqual({
    seconds: 1.5,
    subscribers: 8,
    topics: 3,
    rate: 1000,
    slow: 2,
    policy: 'drop',
    chaos: true,
    nodes: 1,
    broker: '',
    port: defaults.port,
    open: false,
    checked: true,
    help: false,
  })
})

test('with the page', () => {
  expect(readArguments(['--port', '0', '--open', '--chaos', '--rate', '9'])).toEqual({
    ...defaults,
    port: 0,
    open: true,
    chaos: true,
    rate: 9,
    help: false,
  })
})

test.each(['--checked', '--subscribers 1', '--slow 1', '--policy throttle', '--nodes 1', '--broker redis'])(
  '%s is a checked run',
  (words) => {
    expect(readArguments(words.split(' ')).checked).toBe(true)
  },
)

test('several nodes', () => {
  expect(readArguments(['--nodes', '2', '--broker', 'redis'])).toMatchObject({ nodes: 2, broker: 'redis' })
})

test.each(['--help', '-h'])('%s', (word) => {
  expect(readArguments([word]).help).toBe(true)
})

test('the help names every option', () => {
  for (const name of Object.keys(defaults)) expect(help).toContain(`--${name}`)
})

test.each([
  ['--seconds 0', /--seconds takes a number from 1 to 86400, not '0'/],
  ['--seconds x', /--seconds takes a number/],
  ['--subscribers 65', /--subscribers takes a whole number from 1 to 64, not '65'/],
  ['--subscribers 1.5', /--subscribers takes a whole number/],
  ['--topics -1', /--topics/],
  ['--slow 5', /--slow 5 is more than there are subscribers \(4\)/],
  ['--policy wait', /--policy takes throttle or drop, not 'wait'/],
  ['--nodes 9 --broker redis', /--nodes takes a whole number from 1 to 8, not '9'/],
  ['--nodes 2', /--nodes 2 needs a broker that connects them: --broker redis/],
  ['--broker kafka', /--broker takes redis, not 'kafka'/],
  ['--nodes 2 --broker redis --policy drop', /--policy drop is for one node/],
  ['--port 65536', /--port takes a whole number from 0 to 65535/],
  ['--nodes 1 --open', /--open and --port are for the page/],
  ['--unheard-of', /--unheard-of/],
  ['word', /word/],
])('%s is refused', (words, message) => {
  const wrong = (): unknown => readArguments(words.split(' '))
  expect(wrong).toThrow(UsageError)
  expect(wrong).toThrow(message)
  expect(wrong).toThrow(/Next: npm run demo -- --help$/)
})
