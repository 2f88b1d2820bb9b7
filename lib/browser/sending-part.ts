// All that sends: what a page loads that sends its first message.
export { ClientOutbox } from '../client/client-outbox'
export { CoreSending } from '../client/portable/core-sending'
export { Departures } from '../client/portable/departures'
