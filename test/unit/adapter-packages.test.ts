// An adapter whose package is not installed says what to install.
import { redisAdapter } from '../../lib/adapters/redis'
import type { HubNode } from '../../lib'

jest.mock('redis', () => {
  throw new Error("Cannot find package 'redis'")
})

test('redisAdapter', async () => {
  const adapter = redisAdapter()
  await expect(adapter.start({} as HubNode)).rejects.toMatchObject({
    code: 'INVALID_STATE',
    message: expect.stringContaining('`redis`: install it') as string,
  })
  await adapter.close()
})
