// Metrics as text, in the format that Prometheus reads (version 0.0.4).
import type { ServerGauges } from '../../native/server-gauges'
import type { AdapterMetrics } from './adapter'
import type { HubMetrics } from './metrics'

type Plain = Exclude<keyof HubMetrics, 'errors' | 'latency' | 'server' | 'adapter'>
const rows: readonly (readonly [Plain, string, 'gauge' | 'counter', string])[] = [
  ['connections', 'connections', 'gauge', 'Open connections'],
  ['connectionsTotal', 'connections_total', 'counter', 'Connections that were opened'],
  ['authenticated', 'authenticated_connections', 'gauge', 'Open connections with a user'],
  ['rooms', 'rooms', 'gauge', 'Rooms'],
  ['memberships', 'memberships', 'gauge', 'Memberships in all rooms'],
  ['largestRoom', 'largest_room_members', 'gauge', 'Members of the largest room'],
  ['messagesIn', 'messages_in_total', 'counter', 'Messages that came'],
  ['bytesIn', 'in_characters_total', 'counter', 'Characters of messages that came'],
  [
    'messagesOut',
    'messages_out_total',
    'counter',
    'Messages handed to the I/O thread, one to a room counted once',
  ],
  ['bytesOut', 'out_characters_total', 'counter', 'Characters of those'],
  ['requests', 'requests_total', 'counter', 'Requests'],
  ['acks', 'acks_total', 'counter', 'Messages that were acknowledged'],
  ['duplicates', 'duplicates_total', 'counter', 'Copies of messages that were handled already'],
  ['joins', 'joins_total', 'counter', 'Joins of rooms'],
  ['leaves', 'leaves_total', 'counter', 'Leaves of rooms'],
  ['resumed', 'resumed_total', 'counter', 'Rooms in which a peer went on where it was'],
  ['resumeFailed', 'resume_failed_total', 'counter', 'Rooms in which it could not'],
  ['nodes', 'nodes', 'gauge', 'Nodes that live, this one included'],
  ['missed', 'node_texts_missed_total', 'counter', 'Texts of other nodes that did not arrive'],
  ['uncarried', 'uncarried_total', 'counter', 'Messages that only members on this node got'],
  ['logQueue', 'log_queue_characters', 'gauge', 'Characters that wait for the log of rooms'],
]
const brokerRows: readonly (readonly [keyof AdapterMetrics, string, 'gauge' | 'counter', string])[] = [
  ['connected', 'broker_connected', 'gauge', 'Whether the broker is reached'],
  ['published', 'broker_published_total', 'counter', 'Texts that the broker has taken'],
  ['received', 'broker_received_total', 'counter', 'Texts and entries that came from it'],
  ['lost', 'broker_lost_total', 'counter', 'Texts that it did not take, or of which nobody knows'],
  ['queued', 'broker_queued', 'gauge', 'Texts that wait for it'],
  ['reconnects', 'broker_reconnects_total', 'counter', 'Times it was found again'],
]

/** Of the I/O threads; those of one name differ by a label. */
const serverRows: readonly (readonly [keyof ServerGauges, string, 'gauge' | 'counter', string])[] = [
  ['bufferedBytes', 'buffered_bytes', 'gauge', 'Bytes that wait for peers'],
  ['keptMessages', 'kept_messages', 'gauge', 'Messages that rooms keep'],
  ['keptBytes', 'kept_bytes', 'gauge', 'Bytes of those'],
  ['keptTopics', 'kept_rooms', 'gauge', 'Rooms that keep messages'],
  [
    'slowDropped',
    'slow_consumer_dropped_messages_total',
    'counter',
    'Published messages that slow consumers did not get',
  ],
  [
    'slowClosed',
    'slow_consumer_closed_connections_total',
    'counter',
    'Slow consumers that were disconnected',
  ],
  [
    'conflated',
    'conflated_messages_total',
    'counter',
    'Published messages that gave way to later ones for slow consumers',
  ],
  ['rateLimited', 'rate_limited_messages_total', 'counter', 'Messages above a rate'],
  ['rateClosed', 'rate_limited_connections_total', 'counter', 'Connections closed for messages above a rate'],
  ['heartbeats', 'heartbeats_total', 'counter', 'Heartbeats answered on the I/O threads'],
  ['refusedPath', 'refused_upgrades_total{reason="path"}', 'counter', 'Upgrades that were refused'],
  ['refusedOrigin', 'refused_upgrades_total{reason="origin"}', 'counter', ''],
  ['refusedFull', 'refused_upgrades_total{reason="full"}', 'counter', ''],
  ['refusedAddress', 'refused_upgrades_total{reason="address"}', 'counter', ''],
]

export function prometheusText(metrics: HubMetrics, prefix = 'hawser_hub_'): string {
  const lines: string[] = []
  const row = (name: string, kind: string, help: string, value: number): void => {
    const [bare] = name.split('{')
    if (help !== '') lines.push(`# HELP ${prefix}${bare} ${help}`, `# TYPE ${prefix}${bare} ${kind}`)
    lines.push(`${prefix}${name} ${value}`)
  }
  for (const [key, name, kind, help] of rows) row(name, kind, help, metrics[key])
  for (const [key, name, kind, help] of serverRows) row(name, kind, help, metrics.server[key])
  const { adapter } = metrics
  if (adapter !== undefined) {
    for (const [key, name, kind, help] of brokerRows) row(name, kind, help, Number(adapter[key]))
    row('broker_lag_seconds', 'gauge', 'Time that the latest text took to it', adapter.lag / 1000)
  }
  const errors = `${prefix}errors_total`
  lines.push(`# HELP ${errors} Errors told to peers`, `# TYPE ${errors} counter`)
  for (const [code, count] of Object.entries(metrics.errors))
    lines.push(`${errors}{code="${escaped(code)}"} ${count}`)
  const seconds = `${prefix}handling_seconds`
  lines.push(
    `# HELP ${seconds} Time from a message to the end of its handlers`,
    `# TYPE ${seconds} histogram`,
  )
  const { bounds, counts, sum, count } = metrics.latency
  let below = 0
  bounds.forEach((bound, i) => {
    below += counts[i]
    lines.push(`${seconds}_bucket{le="${bound / 1000}"} ${below}`)
  })
  lines.push(
    `${seconds}_bucket{le="+Inf"} ${count}`,
    `${seconds}_sum ${sum / 1000}`,
    `${seconds}_count ${count}`,
  )
  return `${lines.join('\n')}\n`
}

function escaped(label: string): string {
  return label.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}
