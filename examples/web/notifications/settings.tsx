import type { BrowserPermission } from 'hawser/react'
import { BellIcon, SoundIcon } from '../shared/icons'
import { Switch } from '../shared/switch'

interface SettingsProps {
  sound: boolean
  onSound: (on: boolean) => void
  browser: boolean
  onBrowser: (on: boolean) => void
  permission: BrowserPermission
  ask: () => Promise<BrowserPermission>
}

export function Settings({ sound, onSound, browser, onBrowser, permission, ask }: SettingsProps) {
  const change = (on: boolean): void => {
    // The browser asks its user at most once, and only upon a click.
    if (on && permission === 'default') void ask().then((answer) => onBrowser(answer === 'granted'))
    else onBrowser(on)
  }
  const possible = permission === 'default' || permission === 'granted'
  return (
    <section className="card settings" aria-labelledby="settings-title">
      <h2 id="settings-title">How you are told</h2>
      <Switch icon={<SoundIcon />} label="Play a sound" on={sound} onChange={onSound} />
      <Switch
        icon={<BellIcon />}
        label="Show them on the desktop"
        hint={
          permission === 'denied'
            ? 'This browser was told not to. Its settings of this page change that.'
            : permission === 'unsupported'
              ? 'This browser cannot do it here.'
              : 'While you look at something else.'
        }
        on={browser && permission === 'granted'}
        onChange={change}
        disabled={!possible}
      />
    </section>
  )
}
