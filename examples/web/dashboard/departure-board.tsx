import { useEffect, type ReactNode } from 'react'
import { useLive, useLiveModel } from './use-live'

export function DepartureBoard(): ReactNode {
  const live = useLiveModel()
  const departures = useLive((snapshot) => snapshot.departures)
  useEffect(() => live.rendered())
  const fastest = Math.max(1, ...departures.map(({ rate }) => rate))
  return (
    <section className="departures card" aria-labelledby="departures-title">
      <h2 id="departures-title">Late flights</h2>
      <table className="small number">
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col" className="right">
              Late, min
            </th>
            <th scope="col" className="right">
              Updates/s
            </th>
          </tr>
        </thead>
        <tbody>
          {departures.map(({ origin, destination, delay, rate }) => (
            <tr key={origin}>
              <th scope="row">{origin}</th>
              <td>{destination}</td>
              <td className="right">{delay}</td>
              <td className="right rate">
                <i style={{ transform: `scaleX(${rate / fastest})` }} />
                <span>{rate.toFixed(0)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {departures.length === 0 && <p className="empty small">No flight yet.</p>}
    </section>
  )
}
