// All other tests of this folder once more, with React 18.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

test('components and hooks are the same with React 18', () => {
  const words = [require.resolve('jest/bin/jest'), '--config', join(__dirname, 'react-18/jest.config.cjs')]
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 240_000 })
  if (status !== 0) throw new Error(stderr)
  expect(stderr).toMatch(/Tests: .* passed/)
})
