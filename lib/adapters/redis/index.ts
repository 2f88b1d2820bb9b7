/**
 * Connects hubs over Redis: `import { redisAdapter, redisStreams } from 'hawser/adapters/redis'`.
 *
 * @module hawser/adapters/redis
 */
export { redisAdapter, redisStreams } from './adapter'
export type { RedisOptions } from './options'
