// The contract of adapters over NATS, with and without JetStream.
import { natsAdapter, natsJetStream } from '../../lib/adapters/nats'
import { adapterContract } from './support/adapter-contract'
import { Broker } from './support/brokers'

for (const [name, make] of Object.entries({ natsAdapter, natsJetStream })) {
  describe(name, () => {
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
      { log: make === natsJetStream },
    )
  })
}
