/** The subprotocol of servers that know our control messages. */
export const ownProtocol = 'hawser.v1'
