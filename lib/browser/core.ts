// What every page needs: the client on the portable engine, and of it what the parts use that are loaded later. The files
// go into the bundle in the order of these lines, the engine ahead of the client: it takes fewer bytes where what is alike
// stands together, since a compressor does not look back further than 32 kB.
export { never } from '../client/portable/never'
export { Links } from '../client/portable/links'
export { MachineStart } from '../client/portable/machine-start'
export { PortableEngine } from '../client/portable/portable-engine'
export { RouteSet } from '../client/portable/route-set'
export { sizeOf } from '../client/portable/size'
export { count, deadAfter, smooth } from '../client/portable/sole-endpoint'
export { platform } from '../client/portable/platform'
export { part, parts } from './parts'

export { HawserError, HawserRangeError, HawserTypeError } from '../core/error'
export { factsOf } from './error-table'
export { badArgument, badOption, checkOf, choice, flag, read, shown, text, whole } from './validate'

export { WebSocketClient } from '../client/websocket-client'
export { ClientInbox } from '../client/client-inbox'
export { MessageRouter } from '../client/message-router'
export { checkType } from '../client/check-type'
export { aborted, nameOf, settlementError } from '../client/endings'
export { payloadText } from '../client/payload-text'
export { tokens } from '../client/pointer'
export { bytesOf } from '../core/bytes'
export { readMessage } from './message-texts'
export { engines, equipped } from './equip'
