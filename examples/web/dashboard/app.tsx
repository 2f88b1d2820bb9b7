import { ConnectionStatus } from 'hawser/react'
import type { ReactNode } from 'react'
import { Mark } from '../shared/mark'
import { Chat } from './chat'
import { Charts } from './charts'
import { Connection } from './connection'
import { DepartureBoard } from './departure-board'
import { Happenings } from './happenings'
import type { DashboardClient } from './live'
import { Tiles } from './tiles'
import { Trouble } from './trouble'

export function App({ client, me }: { client: DashboardClient; me: string }): ReactNode {
  return (
    <>
      <header className="header">
        <span className="brand">
          <Mark />
          <span>hawser</span>
        </span>
        <div className="where grow">
          <h1>Live</h1>
        </div>
        <ConnectionStatus />
      </header>
      <main className="page dashboard" id="main">
        <p className="lead">
          A native service takes in a feed as fast as it is read, and JavaScript gets what it asked for. Now
          make trouble, and watch what is lost: nothing.
        </p>
        <Tiles />
        <Trouble client={client} />
        <Connection me={me} />
        <Charts />
        <Chat me={me} />
        <DepartureBoard />
        <Happenings />
      </main>
    </>
  )
}
