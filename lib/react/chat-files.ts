// How files get into messages: put where the program says, or into the message itself.
import type { ChatFile } from './chat-protocol'
import { stateError } from './engine'
import type { FileSource } from './use-chat'

export type Upload = (file: FileSource, signal: AbortSignal) => Promise<string>

/** A file of which nobody knows yet where it will be. */
export function announced({ name, size, type }: FileSource): ChatFile {
  return { name, size, type, url: '' }
}

export async function placed(
  file: FileSource,
  upload: Upload | undefined,
  most: number,
  signal: AbortSignal,
): Promise<ChatFile> {
  if (upload !== undefined) return { ...announced(file), url: await upload(file, signal) }
  if (file.size > most) {
    throw stateError(
      `'${file.name}' has ${file.size} bytes, more than the ${most} that go into a message: use the option \`upload\``,
    )
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const type = file.type === '' ? 'application/octet-stream' : file.type
  return { ...announced(file), url: `data:${type};base64,${base64(bytes)}` }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  // A call takes so many arguments only.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}
