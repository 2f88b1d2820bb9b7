// Durable messages: what a page loads whose client has the option `queue.store`.
export { Durable } from '../client/portable/durable'
