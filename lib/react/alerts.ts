// Sounds, and notifications of the browser.
import { type BrowserNotification, page } from './page'
import type { AppNotification, BrowserPermission } from './use-notifications'

/** Plays a sound, or a short tone; a page that may not make one yet stays silent. */
export function play(url: string | undefined): void {
  const { Audio, AudioContext } = page()
  if (url !== undefined) {
    if (Audio !== undefined) new Audio(url).play().catch(() => undefined)
    return
  }
  if (AudioContext === undefined) return
  const audio = new AudioContext()
  const tone = audio.createOscillator()
  const volume = audio.createGain()
  volume.gain.value = 0.1
  tone.frequency.value = 880
  tone.connect(volume)
  volume.connect(audio.destination)
  tone.onended = () => void audio.close().catch(() => undefined)
  tone.start()
  tone.stop(audio.currentTime + 0.15)
}

export function permission(): BrowserPermission {
  return page().Notification?.permission ?? 'unsupported'
}
export async function askPermission(): Promise<BrowserPermission> {
  return (await page().Notification?.requestPermission()) ?? 'unsupported'
}

/** Shows it, if the user allows that. */
export function show(
  { id, title, body, priority }: AppNotification,
  icon: string | undefined,
  clicked: () => void,
): BrowserNotification | undefined {
  const { Notification } = page()
  if (Notification?.permission !== 'granted') return undefined
  const options = {
    body,
    tag: id,
    requireInteraction: priority === 'urgent',
    ...(icon !== undefined && { icon }),
  }
  let shown: BrowserNotification
  try {
    shown = new Notification(title, options)
  } catch {
    // Phones have them in service workers only.
    return undefined
  }
  shown.onclick = () => {
    page().focus?.()
    shown.close()
    clicked()
  }
  return shown
}
