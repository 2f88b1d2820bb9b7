// The part that a page loads while its first socket opens: what is done with links that have opened or ended, what the
// errors of that are, and what is done with what comes over them. Other parts are loaded behind it and use some of it.
export { errorOf } from '../client/connection-errors'
export { takeControl } from '../client/control'
export { ClientMachine } from '../client/portable/client-machine'
export { CoreKeeping } from '../client/portable/core-keeping'
export { dispatch } from '../client/portable/dispatch'
export { Reading } from '../client/portable/reading'
export { judge } from '../client/portable/reconnect-policy'
export { SoleEndpoint, count, deadAfter, smooth } from '../client/portable/sole-endpoint'
export { nameAt, valueAt } from '../client/portable/value-at'
export { replyError } from '../client/reply-error'
