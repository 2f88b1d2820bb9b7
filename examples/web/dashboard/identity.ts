// The name of this tab's visitor: drawn once, so that a page that is loaded again is the same visitor.
const key = 'hawser-demo-name'
const colours = [
  'Amber',
  'Azure',
  'Copper',
  'Coral',
  'Crimson',
  'Golden',
  'Indigo',
  'Ivory',
  'Jade',
  'Silver',
]
const animals = ['Badger', 'Crane', 'Falcon', 'Heron', 'Ibex', 'Lynx', 'Marten', 'Otter', 'Raven', 'Tern']

const pick = (words: readonly string[]): string => words[Math.floor(Math.random() * words.length)]

export function visitorName(): string {
  const known = sessionStorage.getItem(key)
  if (known !== null) return known
  const name = `${pick(colours)} ${pick(animals)} ${Math.floor(Math.random() * 900) + 100}`
  sessionStorage.setItem(key, name)
  return name
}
