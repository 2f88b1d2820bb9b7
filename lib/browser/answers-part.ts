// Requests and acks: what a page loads that asks for the first one.
export { Requests, sendPast } from '../client/portable/requests'
export { dueAgain } from '../client/portable/retries'
