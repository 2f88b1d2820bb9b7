// The feed of a run: its records in a file of its own, and the feeder that replays them.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Feeder } from './feeder.mjs'
import { writeRecords } from './records.mjs'

/**
 * The feeder reads its records at each of its starts; `forget` removes their file.
 * @param {{ topics: number, rate: number }} options as the command line has them
 * @param {{ nice?: number }} [feederOptions] see `Feeder`
 */
export async function startFeed({ topics: most, rate }, feederOptions) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hawser-demo-'))
  const forget = () => fs.rmSync(folder, { recursive: true, force: true })
  // Also when the run breaks off.
  process.once('exit', forget)
  const { file, records, topics } = writeRecords(folder, most)
  const feeder = new Feeder(file, rate, feederOptions)
  await feeder.start()
  return { feeder, records, topics, forget }
}
