// Numbers for people. Pure.
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const count = (value: number): string => whole.format(value)

/** 2634012 → '2.63 M', 5321 → '5.32 k', 44 → '44' */
export function short(value: number): string {
  const [divisor, unit] = value >= 999_500 ? [1e6, ' M'] : value >= 999.5 ? [1e3, ' k'] : [1, '']
  const scaled = value / divisor
  if (unit === '') return scaled.toFixed(0)
  return `${scaled.toFixed(scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2)}${unit}`
}

/** The same for an axis: '2.5 M', '10 k', '0' */
export const tick = (value: number): string => short(value).replace(/\.0+(?= )|(?<=\.\d*[1-9])0+(?= )/, '')

/** Milliseconds on an axis: '0.1 ms', '100 ms', '10 s' */
export const tickTime = (ms: number): string => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`)

/** Milliseconds: '0.42 ms', '12 ms', '5.00 s' */
export function duration(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toFixed(ms < 9_995 ? 2 : 0)} s`
  return `${ms.toFixed(ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0)} ms`
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`

export const percent = (share: number): string =>
  `${(share * 100).toFixed(share < 0.00995 ? 2 : share < 0.0995 ? 1 : 0)} %`

export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`

export const clock = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
