// The portable engine over HTTP instead of a WebSocket, against hubs of ours.
import { overHttp } from './support/over-http'

overHttp({ polls: false })

describe.each(['hub-client', 'hub-reconnect'])('%s', (name) => {
  jest.requireActual(`../integration/${name}.test`)
})
