// The contract of adapters over a real Redis. Without the log it is the same adapter.
import { redisStreams } from '../../lib/adapters/redis'
import { adapterContract } from './support/adapter-contract'
import { Broker } from './support/brokers'

let redis: Broker
let prefixes = 0
let prefix = ''
beforeEach(() => {
  prefix = `test${++prefixes}`
})

adapterContract(
  async () => {
    redis = await Broker.redis()
    return {
      adapter: (options) => redisStreams({ url: redis.url, prefix, ...options }),
      kill: () => redis.kill(),
      restart: (options) => redis.restart(options),
      connections: () => redis.connections(),
    }
  },
  () => redis.stop(),
)
