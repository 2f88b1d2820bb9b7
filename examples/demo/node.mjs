// A further node, a process of its own: its subscribers are sent what the service says at the first node.
//   node node.mjs <port> <URL of Redis>
import { listen } from './hub.mjs'

const [port, redis] = process.argv.slice(2)
const tell = (message) => process.connected && process.send(message)
const hub = await listen(
  await import('hawser'),
  { port: Number(port), redis },
  {
    came: (id) => tell({ came: id }),
    took: (id, at) => tell({ took: id, at }),
    left: (id) => tell({ left: id }),
  },
)

// The parent ends this process, also by ending itself; Ctrl-C is not for it.
process.on('disconnect', () => process.exit())
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {})
process.on('message', async () => {
  await hub.close({ timeout: 2_000 })
  process.exit()
})
tell({ ready: true })
