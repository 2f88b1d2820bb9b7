// Numbers and small graphs as text. Pure.

/** 1234567 → '1,234,567' */
export function count(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** Bytes → '92 MB'; a million is a mega, as in MB/s. */
export function size(bytes) {
  const megabytes = bytes / 1e6
  return megabytes >= 10 || megabytes === 0 ? `${Math.round(megabytes)} MB` : `${megabytes.toFixed(1)} MB`
}

/** Bytes a second → '14.2' (MB/s). */
export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1)
}

/** Milliseconds → '0.4 ms', '12 ms' */
export function milliseconds(value) {
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`
}

/** 0.314 → '31 %' */
export function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** Seconds → '00:12', '1:02:03' */
export function clock(seconds) {
  const whole = Math.floor(seconds)
  const two = (value) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
  return hours > 0 ? `${hours}:${rest}` : rest
}

/** 'one record', '2 records' */
export function plural(value, noun) {
  return value === 1 ? `one ${noun}` : `${count(value)} ${noun}s`
}

const blocks = { unicode: '▁▂▃▄▅▆▇█', ascii: '_.-=+*#@' }

/**
 * The last `width` values as a row of blocks, the highest of them full; shorter when there are fewer.
 * @param {readonly number[]} values not negative
 */
export function sparkline(values, width, unicode = true) {
  const shown = width > 0 ? values.slice(-width) : []
  const steps = unicode ? blocks.unicode : blocks.ascii
  const highest = Math.max(...shown, 0)
  if (highest === 0) return steps[0].repeat(shown.length)
  return shown.map((value) => steps[Math.min(7, Math.floor((value / highest) * 7.999))]).join('')
}
