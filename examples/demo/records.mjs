// The records of the feed: real flights from the package vega-datasets, as a file of JSON lines.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { UsageError } from './arguments.mjs'

const dataset = 'flights-10k.json'

/**
 * Writes the flights from the busiest airports, in the order of the data, one JSON text a line.
 * @param {string} folder where `records.jsonl` goes
 * @param {number} most airports that are kept; 0: all
 * @returns {{ file: string, records: number, topics: string[] }} topics: the airports, busiest first
 * @throws {UsageError} when the data is not installed
 */
export function writeRecords(folder, most) {
  const flights = readFlights()
  const topics = busiest(flights, most)
  const kept = new Set(topics)
  const lines = flights.filter((flight) => kept.has(flight.origin)).map((flight) => JSON.stringify(flight))
  const file = path.join(folder, 'records.jsonl')
  fs.writeFileSync(file, `${lines.join('\n')}\n`)
  return { file, records: lines.length, topics }
}

function readFlights() {
  try {
    // The package names no path to its data, so the way leads over its main module.
    const main = createRequire(import.meta.url).resolve('vega-datasets')
    return JSON.parse(fs.readFileSync(path.join(path.dirname(main), '../data', dataset), 'utf8'))
  } catch (error) {
    throw new UsageError(`The flights cannot be read (${error.message.split('\n')[0]}). Next: npm install`)
  }
}

function busiest(flights, most) {
  const flightsOf = new Map()
  for (const { origin } of flights) flightsOf.set(origin, (flightsOf.get(origin) ?? 0) + 1)
  const sorted = [...flightsOf]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([origin]) => origin)
  return most > 0 ? sorted.slice(0, most) : sorted
}
