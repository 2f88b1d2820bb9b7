// What the list of messages looks like, as functions of the messages.
import type { ChatMessage } from 'hawser/react'
import { dayOf } from '../shared/time'

/** Messages in a row of one person stand under one name. */
export interface Group {
  key: string
  from: string
  own: boolean
  at: number
  messages: ChatMessage[]
}
export type Section = { day: number; groups: Group[] }

/** Milliseconds after which a message gets a name and a time of its own again. */
const pause = 5 * 60_000

/** By days, and in these by who speaks. */
export function sectionsOf(messages: readonly ChatMessage[]): Section[] {
  const sections: Section[] = []
  let last: ChatMessage | undefined
  for (const message of messages) {
    const day = dayOf(message.at)
    let section = sections.at(-1)
    if (section?.day !== day) {
      section = { day, groups: [] }
      sections.push(section)
      last = undefined
    }
    const { id: key, from, own, at } = message
    const group = section.groups.at(-1)
    const goesOn = last !== undefined && last.from === from && at - last.at < pause
    if (group !== undefined && goesOn) group.messages.push(message)
    else section.groups.push({ key, from, own, at, messages: [message] })
    last = message
  }
  return sections
}

/** Who is typing, in words; '' for nobody. */
export function typingWords(names: readonly string[]): string {
  const [one, two] = names
  if (one === undefined) return ''
  if (two === undefined) return `${one} is typing …`
  return names.length === 2 ? `${one} and ${two} are typing …` : `${names.length} people are typing …`
}

/** A number of bytes as people read it. */
export function sizeWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The first words of a message, for lists and quotes. */
export function gist(message: Pick<ChatMessage, 'text' | 'files'> | undefined): string {
  if (message === undefined) return ''
  const text = message.text.replace(/\s+/g, ' ').trim()
  const [file] = message.files
  return text === '' && file !== undefined ? file.name : text.slice(0, 120)
}
