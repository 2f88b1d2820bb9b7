// Keeps processors from going to sleep while cases run: on a virtual machine whose host halts idle processors at once,
// waking one costs whoever wakes it 30 to 60 µs, and threads that wake each other are measured by that instead.
import { availableParallelism } from 'node:os'
import { Child } from './processes.mjs'

/** A loop on each processor in the class that runs only when nobody else wants to. Ends with `endAll()`. */
export function keepAwake() {
  for (let i = 0; i < availableParallelism(); i++) {
    new Child('keeping a processor awake', ['chrt', '--idle', '0', 'sh', '-c', 'while :; do :; done'])
  }
}
