// What the examples keep over a restart: entries of JSON, a line each, appended at once. At the start the file is read and
// written anew with the latest entries only, so that it does not grow from run to run.
import fs from 'node:fs'
import path from 'node:path'

/** @template Entry */
export class Journal {
  /** @type {Entry[]} what was there at the start */
  entries = []
  /** @type {number | undefined} */
  #file
  /** @type {string | undefined} */
  #path

  /**
   * @param {string | undefined} folder undefined: nothing is kept
   * @param {string} name
   * @param {number} most entries that are kept over a restart
   */
  constructor(folder, name, most = 2000) {
    if (folder === undefined) return
    fs.mkdirSync(folder, { recursive: true })
    this.#path = path.join(folder, `${name}.jsonl`)
    this.entries = readEntries(this.#path).slice(-most)
    this.replace(this.entries)
  }

  /**
   * Writes the file anew.
   * @param {Entry[]} entries
   */
  replace(entries) {
    if (this.#path === undefined) return
    this.close()
    fs.writeFileSync(`${this.#path}.new`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    fs.renameSync(`${this.#path}.new`, this.#path)
    this.#file = fs.openSync(this.#path, 'a')
  }

  /** @param {Entry} entry */
  add(entry) {
    // At once and not later: what a client was told is kept must be there when the process is killed in the next moment.
    if (this.#file !== undefined) fs.writeSync(this.#file, `${JSON.stringify(entry)}\n`)
  }

  close() {
    if (this.#file !== undefined) fs.closeSync(this.#file)
    this.#file = undefined
  }
}

/** @param {string} file */
function readEntries(file) {
  let text
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line)]
    } catch {
      return [] // the last line of a process that was killed while it wrote
    }
  })
}
