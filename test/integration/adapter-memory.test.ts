// The contract of adapters, with the broker of the tests: so that the contract itself is known to be right.
import { adapterContract } from './support/adapter-contract'
import { MemoryBroker } from './support/memory-broker'

const broker = new MemoryBroker()
adapterContract(
  () =>
    Promise.resolve({
      adapter: (options) => broker.adapter(options),
      kill: async () => broker.stop(),
      restart: async (options) => broker.restart(options),
      connections: () => Promise.resolve(broker.connections),
    }),
  () => Promise.resolve(),
)
