// The contract of adapters over NATS, with and without JetStream, and hubs in processes of their own.
import { natsAdapter, natsJetStream } from '../../lib/adapters/nats'
import { acrossProcesses } from './support/across-processes'
import { adapterContract } from './support/adapter-contract'
import { Broker } from './support/brokers'

describe.each([
  { name: 'natsAdapter', make: natsAdapter, log: false },
  { name: 'natsJetStream', make: natsJetStream, log: true },
])('$name', ({ name, make, log }) => {
  let broker: Broker
  adapterContract(
    async () => {
      broker = await Broker.nats()
      return {
        adapter: (options) => make({ servers: broker.url, ...options }),
        kill: () => broker.kill(),
        restart: (options) => broker.restart(options),
        connections: () => broker.connections(),
      }
    },
    () => broker.stop(),
    { log },
  )
  acrossProcesses(() => ({ module: 'nats', factory: name, adapter: { servers: broker.url } }), log)
})
