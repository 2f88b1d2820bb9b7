// RxJS is the program's own copy, an optional peer: looked for before anything here needs it, to say what is missing.
import { HawserError } from '../core/error'

function installed(): string {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
    return (require('rxjs/package.json') as { version: string }).version
  } catch (cause) {
    throw new HawserError('INVALID_STATE', '`hawser/rxjs` needs the package `rxjs`: npm install rxjs@7', {
      cause,
    })
  }
}

const version = installed()
const [major, minor] = version.split('.').map(Number)
// `retry` knows delays from 7.3 on.
if (major !== 7 || minor < 3) {
  throw new HawserError(
    'INVALID_STATE',
    `\`hawser/rxjs\` works with RxJS 7 from 7.3 on, and ${version} is installed: npm install rxjs@7`,
  )
}
