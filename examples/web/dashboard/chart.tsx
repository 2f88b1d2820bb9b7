// A chart of the last minute, drawn by uPlot outside of React: new points cost no rendering.
import { useEffect, useRef, type ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Series {
  name: string
  /** Name of a colour in the style sheet, such as `--accent`. */
  colour: string
  fill?: boolean
}

export interface ChartProps {
  title: string
  /** What it shows at present, in words. */
  value: string
  series: readonly Series[]
  /** Columns: times in milliseconds since the epoch, then the values of each series. */
  read: () => (number | null)[][]
  format: (value: number) => string
  /** Logarithmic, from this value on. */
  logFrom?: number
}

/** Seconds shown, and milliseconds between two drawings. */
const span = 60
const period = 250
const height = 150

const coloured = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export function Chart({ title, value, series, read, format, logFrom }: ChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const chart = new uPlot(options(series, format, logFrom, element.clientWidth), [[]], element)
    const draw = (): void => {
      if (document.visibilityState === 'hidden') return
      const now = Date.now() / 1000
      const [times = [], ...columns] = read()
      const least = logFrom ?? 0
      const values = columns.map((column) =>
        column.map((each) => (each === null ? null : Math.max(least, each))),
      )
      chart.batch(() => {
        chart.setData([times.map((each) => (each ?? 0) / 1000), ...values] as uPlot.AlignedData, false)
        chart.setScale('x', { min: now - span, max: now })
        chart.setScale('y', range(values, logFrom))
      })
    }
    const sizes = new ResizeObserver(() => {
      const { clientWidth: width } = element
      if (width > 0 && width !== chart.width) chart.setSize({ width, height })
    })
    sizes.observe(element)
    const timer = setInterval(draw, period)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => chart.redraw(false, true)
    scheme.addEventListener('change', redraw)
    draw()
    return () => {
      clearInterval(timer)
      sizes.disconnect()
      scheme.removeEventListener('change', redraw)
      chart.destroy()
    }
  }, [series, read, format, logFrom])
  return (
    <figure className="chart card">
      <figcaption>
        <h3>{title}</h3>
        {series.length > 1 && (
          <ul className="legend small muted">
            {series.map(({ name, colour }) => (
              <li key={name}>
                <i style={{ background: `var(${colour})` }} />
                {name}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <div className="plot" ref={place} role="img" aria-label={`${title}, the last minute: ${value}`} />
    </figure>
  )
}

function range(
  columns: readonly (number | null)[][],
  logFrom: number | undefined,
): { min: number; max: number } {
  let highest = 0
  for (const column of columns) for (const each of column) if (each !== null && each > highest) highest = each
  if (logFrom === undefined) return { min: 0, max: highest > 0 ? highest * 1.15 : 1 }
  return {
    min: logFrom,
    max: Math.max(logFrom * 1000, 10 ** Math.ceil(Math.log10(Math.max(highest, logFrom)))),
  }
}

function options(
  series: readonly Series[],
  format: (value: number) => string,
  logFrom: number | undefined,
  width: number,
): uPlot.Options {
  const axis = {
    stroke: () => coloured('--muted'),
    font: `11px ${coloured('--font')}`,
    grid: { stroke: () => coloured('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: Math.max(width, 100),
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, auto: false },
      y: { auto: false, ...(logFrom === undefined ? {} : { distr: uPlot.Scale.Distr.Logarithmic, log: 10 as const }) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        gap: 4,
        space: 70,
        values: (_, times) => times.map((each) => new Date(each * 1000).toTimeString().slice(0, 8)),
      },
      {
        ...axis,
        size: 54,
        gap: 6,
        space: 34,
        values: (_, values) =>
          values.map((each) => (each === null || !decade(each, logFrom) ? '' : format(each))),
      },
    ],
    series: [
      {},
      ...series.map(({ name, colour, fill }) => ({
        label: name,
        stroke: () => coloured(colour),
        width: 2,
        points: { show: false },
        spanGaps: false,
        ...(fill === true ? { fill: () => `color-mix(in srgb, ${coloured(colour)} 16%, transparent)` } : {}),
      })),
    ],
  }
}

/** Of a logarithmic scale only powers of ten have a label. */
function decade(value: number, logFrom: number | undefined): boolean {
  if (logFrom === undefined) return true
  const power = Math.log10(value)
  return Math.abs(power - Math.round(power)) < 1e-6
}
