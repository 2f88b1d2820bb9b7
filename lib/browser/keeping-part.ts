// The part that a page loads while its first socket opens: what is done with links that have opened or ended, what the
// errors of that are, and what is done with what comes over them.
export { CoreKeeping } from '../client/portable/core-keeping'
export { errorOf } from '../client/connection-errors'
export { Reading } from '../client/portable/reading'
export { replyError } from '../client/reply-error'
export { judge, nextDelay, pauseAfter } from '../client/portable/reconnect-policy'
export { watch } from '../client/portable/surroundings'
