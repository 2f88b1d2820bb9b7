/**
 * `hawser/testing`: doubles of sockets, servers and managed clients, and a clock that stands still.
 *
 * @module hawser/testing
 */
export { ManualClock, schedulerClock } from './clock'
export type { SchedulerLike, TestClock } from './clock'
export { MockConnection, MockServer } from './mock-server'
export type { MockServerOptions } from './mock-server'
export { MockWebSocketClient } from './mock-client'
export type { MockClientOptions, SentMessage } from './mock-client'
export { MockWebSocket } from './mock-web-socket'
export { mockMessage, mockMessages } from './mock-messages'
export type { MockMessageOptions, MockMessagesOptions } from './mock-messages'
