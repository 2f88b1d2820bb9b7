import type { ReactNode } from 'react'
import { duration, megabytes, percent, short } from './format'
import { useLive } from './use-live'

function Tile(props: {
  name: string
  title: string
  value: string
  unit?: string
  children: ReactNode
}): ReactNode {
  const { name, title, value, unit, children } = props
  return (
    <li className="tile card">
      <h2 className="small muted">{title}</h2>
      <p className="figure number" data-figure={name}>
        {value}
        {unit !== undefined && <span className="unit"> {unit}</span>}
      </p>
      <p className="small muted">{children}</p>
    </li>
  )
}

export function Tiles(): ReactNode {
  const { feed, bytes, js, page, messages, renders } = useLive(({ rates }) => rates)
  const sample = useLive((snapshot) => snapshot.sample)
  const { ms, total } = useLive(({ trip }) => trip)
  const people = useLive((snapshot) => snapshot.people)
  const share = feed > 0 ? js / feed : 0
  return (
    <ul className="tiles" aria-label="At present">
      <Tile name="feed" title="Messages taken in" value={sample === undefined ? '–' : short(feed)} unit="/s">
        {megabytes(bytes)}/s of JSON, off the event loop
      </Tile>
      <Tile name="js" title="To JavaScript" value={sample === undefined ? '–' : short(js)} unit="/s">
        {percent(share)} of it: late flights, conflated
      </Tile>
      <Tile name="page" title="To this page" value={short(page)} unit="/s">
        flights in {short(messages)} messages, {renders.toFixed(0)} renders
      </Tile>
      <Tile
        name="lag"
        title="Event-loop lag"
        value={sample === undefined ? '–' : duration(sample.lag.p99)}
        unit="p99"
      >
        {sample === undefined
          ? 'of the service'
          : `loop ${percent(sample.busy)} busy, ${megabytes(sample.memory.rss)} of memory`}
      </Tile>
      <Tile name="trip" title="Heartbeat" value={ms === undefined ? '–' : duration(ms)}>
        round trip; {short(total)} answered natively
      </Tile>
      <Tile name="people" title="Connected users" value={short(people.count)}>
        {sample === undefined ? 'looking at this page' : `process ${sample.pid}, life ${sample.life}`}
      </Tile>
    </ul>
  )
}
