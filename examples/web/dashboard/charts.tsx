import { useMemo, type ReactNode } from 'react'
import { Chart, type Series } from './chart'
import { duration, short } from './format'
import type { Point } from './history'
import type { Live } from './live'
import { useLive, useLiveModel } from './use-live'

const feedSeries: Series[] = [{ name: 'feed', colour: '--accent', fill: true }]
const servedSeries: Series[] = [
  { name: 'to JavaScript', colour: '--signal' },
  { name: 'to this page', colour: '--accent' },
]
const lagSeries: Series[] = [{ name: 'lag', colour: '--danger', fill: true }]
const tripSeries: Series[] = [{ name: 'round trip', colour: '--good', fill: true }]

const columns =
  (live: Live, ...names: (keyof Point)[]) =>
  (): (number | null)[][] => {
    const { points } = live.history
    return ['at' as const, ...names].map((name) => points.map((point) => point[name]))
  }

export function Charts(): ReactNode {
  const live = useLiveModel()
  const { feed, js, page } = useLive(({ rates }) => rates)
  const sample = useLive((snapshot) => snapshot.sample)
  const { ms } = useLive(({ trip }) => trip)
  const read = useMemo(
    () => ({
      feed: columns(live, 'feed'),
      served: columns(live, 'js', 'page'),
      lag: columns(live, 'lag'),
      trips: () => [live.trips.list.map(({ at }) => at), live.trips.list.map((trip) => trip.ms)],
    }),
    [live],
  )
  return (
    <section className="charts" aria-label="The last minute">
      <Chart
        title="Feed, messages/s"
        value={`${short(feed)} a second`}
        series={feedSeries}
        read={read.feed}
        format={short}
      />
      <Chart
        title="Delivered, messages/s"
        value={`${short(js)} a second to JavaScript, ${short(page)} to this page`}
        series={servedSeries}
        read={read.served}
        format={short}
      />
      <Chart
        title="Event-loop lag"
        value={sample === undefined ? 'unknown' : `at most ${duration(sample.lag.max)}`}
        series={lagSeries}
        read={read.lag}
        format={tick}
        logFrom={1}
      />
      <Chart
        title="Heartbeat round trip"
        value={ms === undefined ? 'unknown' : duration(ms)}
        series={tripSeries}
        read={read.trips}
        format={tick}
        logFrom={0.1}
      />
    </section>
  )
}

/** '0.1 ms', '100 ms', '10 s' */
function tick(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${Number(ms.toPrecision(1))} ms`
}
