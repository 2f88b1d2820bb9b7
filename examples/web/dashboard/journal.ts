// What happened, in words. Pure, and bounded.
import type { Incident } from '../protocol/dashboard'
import { count, duration, plural } from './format'

export interface Entry {
  id: string
  at: number
  /** good: it is over, and all is well. */
  tone: 'plain' | 'trouble' | 'good'
  text: string
}

const most = 40

export class Journal {
  /** Latest first. */
  entries: readonly Entry[] = []
  private next = 1

  add(tone: Entry['tone'], text: string, at: number, id = `page${this.next++}`): void {
    if (this.entries.some((entry) => entry.id === id)) return
    this.entries = [{ id, at, tone, text }, ...this.entries].slice(0, most)
  }

  incident(incident: Incident, me: string): void {
    const [tone, text] = words(incident, incident.by === me ? 'You' : incident.by || 'The demo')
    this.add(tone, text, incident.at, incident.id)
  }
}

function words(incident: Incident, who: string): [Entry['tone'], string] {
  const took = duration(incident.ms)
  switch (incident.kind) {
    case 'cut':
      return ['trouble', `${who} cut a connection. The server refuses it for ${took}.`]
    case 'restarted':
      return ['good', `${who} killed the server. Process number ${incident.life} listened after ${took}.`]
    case 'blocked':
      return [
        'good',
        `${who} blocked the event loop for ${took}. Meanwhile the I/O thread took in ${count(incident.messages)} messages and answered ${plural(incident.heartbeats, 'heartbeat')}.`,
      ]
  }
}
