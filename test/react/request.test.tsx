/** @jest-environment ./test/react/support/environment.cjs */
// Requests of components: their states, and who gives them up.
import { act, renderHook, waitFor } from '@testing-library/react'
import { StrictMode, type ReactNode } from 'react'
import { MockWebSocketClient } from 'hawser/testing'
import { WebSocketProvider, type UseRequestOptions, useRequest } from '../../lib/react'
import { turns, until } from '../support/waiters'
import { uncaughtWhile } from './support/uncaught'

type Options = UseRequestOptions<never, never> & { payload?: unknown }

async function setUp(
  options: object = {},
  strict = false,
): Promise<{
  mock: MockWebSocketClient
  result: { current: ReturnType<typeof useRequest> }
  rerender(options: object): void
  unmount(): void
}> {
  const mock = new MockWebSocketClient()
  await mock.connect()
  const wrapper = ({ children }: { children: ReactNode }): ReactNode => {
    const inner = <WebSocketProvider client={mock.asClient()}>{children}</WebSocketProvider>
    return strict ? <StrictMode>{inner}</StrictMode> : inner
  }
  const view = renderHook((given: object) => useRequest('sum', given as Options as never), {
    wrapper,
    initialProps: options,
  })
  return { mock, ...view }
}

beforeEach(() => {
  ;(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = false
})

test('idle, pending, success; the reply stays while the next one is awaited', async () => {
  const replies: unknown[] = []
  const { mock, result } = await setUp({ onSuccess: (reply: unknown) => replies.push(reply), timeout: 500 })
  expect(result.current).toMatchObject({ status: 'idle', isPending: false, data: undefined })
  const asked = result.current.request([1, 2] as never)
  await waitFor(() => expect(result.current.isPending).toBe(true))
  expect(mock.requests).toMatchObject([{ type: 'sum', payload: [1, 2], options: { timeout: 500 } }])
  mock.simulateReply(3)
  expect(await asked).toBe(3)
  await waitFor(() => expect(result.current).toMatchObject({ status: 'success', data: 3 }))
  void result.current.request([2, 2] as never)
  await waitFor(() => expect(result.current).toMatchObject({ status: 'pending', data: 3 }))
  expect(replies).toEqual([3])
  void act(() => result.current.reset())
  await waitFor(() => expect(result.current).toMatchObject({ status: 'idle', data: undefined }))
  expect(mock.requests).toEqual([])
})

test('what the hub says no to is shown, and no unhandled rejection', async () => {
  const failures: string[] = []
  const { mock, result } = await setUp({ onError: (error: Error) => failures.push(error.message) })
  void result.current.request()
  mock.simulateErrorReply({ code: 'UNAUTHORIZED', message: 'not you' })
  await waitFor(() =>
    expect(result.current).toMatchObject({ status: 'error', error: { code: 'UNAUTHORIZED' } }),
  )
  expect(failures.length).toBe(1)
})

test('what callbacks throw is told as uncaught, and changes neither the outcome nor its error', async () => {
  await uncaughtWhile(async (told) => {
    const fail = (): void => {
      throw new Error('mine')
    }
    const { mock, result } = await setUp({ onSuccess: fail, onError: fail })
    const good = result.current.request(1)
    mock.simulateReply(2)
    expect(await good).toBe(2)
    await waitFor(() => expect(result.current).toMatchObject({ status: 'success', data: 2 }))
    await until(() => told.length === 1)
    const bad = result.current.request(1)
    mock.simulateErrorReply({ code: 'UNAUTHORIZED', message: 'not you' })
    await expect(bad).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await until(() => told.length === 2)
  })
})

test('a second request takes the place of the first; unmounting gives it up', async () => {
  const { mock, result, unmount } = await setUp()
  const first = result.current.request(1)
  const second = result.current.request(2)
  await expect(first).rejects.toMatchObject({ code: 'ABORTED' })
  expect(mock.requests.map(({ payload }) => payload as number)).toEqual([2])
  unmount()
  await expect(second).rejects.toMatchObject({ code: 'ABORTED' })
  expect(mock.requests).toEqual([])
})

test('`immediate` asks once, also under StrictMode, and again when the payload is another', async () => {
  const { mock, result, rerender } = await setUp({ immediate: true, payload: { n: 1 } }, true)
  await waitFor(() => expect(mock.requests.length).toBe(1))
  await turns()
  expect(mock.sent.length).toBe(1)
  mock.simulateReply('one')
  await waitFor(() => expect(result.current.data).toBe('one'))
  rerender({ immediate: true, payload: { n: 1 } })
  await turns()
  expect(mock.sent.length).toBe(1)
  rerender({ immediate: true, payload: { n: 2 } })
  await waitFor(() => expect(mock.requests).toMatchObject([{ payload: { n: 2 } }]))
})
