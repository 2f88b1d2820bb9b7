import { useMemo, type ReactNode } from 'react'
import { Chart, type Series } from './chart'
import { duration, short, tick, tickTime } from './format'
import type { Point } from './history'
import type { Live } from './live'
import { useLive, useLiveModel } from './use-live'

const feedSeries: Series[] = [{ name: 'feed', colour: '--accent', fill: true }]
const servedSeries: Series[] = [
  { name: 'JavaScript', colour: '--signal' },
  { name: 'this page', colour: '--accent' },
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
        title="Taken in, messages/s"
        value={`${short(feed)} a second`}
        series={feedSeries}
        read={read.feed}
        format={tick}
      />
      <Chart
        title="Delivered, flights/s"
        value={`${short(js)} a second to JavaScript, ${short(page)} to this page`}
        series={servedSeries}
        read={read.served}
        format={tick}
        logFrom={100}
      />
      <Chart
        title="Event-loop lag"
        value={sample === undefined ? 'unknown' : `at most ${duration(sample.lag.max)}`}
        series={lagSeries}
        read={read.lag}
        format={tickTime}
        logFrom={1}
      />
      <Chart
        title="Heartbeat round trip"
        value={ms === undefined ? 'unknown' : duration(ms)}
        series={tripSeries}
        read={read.trips}
        format={tickTime}
        logFrom={0.1}
      />
    </section>
  )
}
