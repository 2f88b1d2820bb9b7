// hawser/adapters/redis
export { redisAdapter, redisStreams } from './adapter'
export type { RedisOptions } from './options'
