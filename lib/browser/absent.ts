// Names that stand for what only Node has: importing them is no error, using them says what to do.
import { HawserError } from '../core/error'

/** A class, or function, that throws INVALID_STATE. */
export function absent(name: string): new (...args: unknown[]) => never {
  return function () {
    throw new HawserError(
      'INVALID_STATE',
      `\`${name}\` needs Node: this is the browser build of hawser, which has \`WebSocketClient\``,
    )
  } as unknown as new (...args: unknown[]) => never
}
