// CommonJS programs see the same names as ES modules.
import { expectTypeOf } from 'expect-type'
import hawser = require('hawser')

expectTypeOf(hawser.WebSocket).toBeConstructibleWith('ws://example.org')
expectTypeOf(hawser.WebSocketServer).toBeConstructibleWith({ port: 0 })
expectTypeOf(new hawser.HawserError('UNKNOWN')).toExtend<Error>()
expectTypeOf(hawser).not.toHaveProperty('default')
