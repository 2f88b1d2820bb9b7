// RxJS is the program's own copy, an optional peer: looked for before anything here needs it, to say what is missing.
import { HawserError } from '../core/error'

function look(): void {
  let found: Record<string, unknown>
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
    found = require('rxjs') as Record<string, unknown>
  } catch (cause) {
    throw new HawserError('INVALID_STATE', '`hawser/rxjs` needs the package `rxjs`: npm install rxjs@7', {
      cause,
    })
  }
  // Operators are exported beside Observable from 7.2 on.
  if (typeof found.retry !== 'function' || typeof found.asyncScheduler !== 'object') {
    throw new HawserError(
      'INVALID_STATE',
      '`hawser/rxjs` works with RxJS 7 from 7.2 on, and another version is installed: npm install rxjs@7',
    )
  }
}

look()
