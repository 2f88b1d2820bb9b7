// Errors that handlers of the program throw where throwing on would keep others from their turn.
import { binding } from '../native/binding'

/** Treats an error like an exception that nobody caught: `uncaughtException`, or the end of the process. */
export function report(error: unknown): void {
  binding().fatalException(error)
}
