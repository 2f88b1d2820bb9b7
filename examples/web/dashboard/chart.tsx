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
const least = { width: 100, height: 120 }

const coloured = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export function Chart({ title, value, series, read, format, logFrom }: ChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const chart = new uPlot(options(series, format, logFrom, sizeOf(element)), [[]], element)
    const draw = (): void => {
      if (document.visibilityState === 'hidden') return
      const now = Date.now() / 1000
      const [times = [], ...columns] = read()
      const lowest = logFrom ?? 0
      const values = columns.map((column) =>
        column.map((each) => (each === null ? null : Math.max(lowest, each))),
      )
      chart.batch(() => {
        chart.setData([times.map((each) => (each ?? 0) / 1000), ...values] as uPlot.AlignedData, false)
        chart.setScale('x', { min: now - span, max: now })
        chart.setScale('y', range(values, logFrom))
      })
    }
    const sizes = new ResizeObserver(() => {
      const size = sizeOf(element)
      if (size.width !== chart.width || size.height !== chart.height) chart.setSize(size)
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

function sizeOf({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } {
  return { width: Math.max(clientWidth, least.width), height: Math.max(clientHeight, least.height) }
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
  size: { width: number; height: number },
): uPlot.Options {
  const axis = {
    stroke: () => coloured('--muted'),
    font: `11px ${coloured('--font')}`,
    grid: { stroke: () => coloured('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    ...size,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, auto: false },
      y: {
        auto: false,
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- `Distr.Logarithmic` is a const enum, which single modules cannot read
        ...(logFrom === undefined ? {} : { distr: 3 as const, log: 10 as const }),
      },
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
        values: (_, values) => values.map((each) => format(each)),
        ...(logFrom === undefined
          ? {}
          : { splits: (chart) => decades(logFrom, chart.scales.y?.max ?? logFrom) }),
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

/** Powers of ten, from one to another. */
function decades(from: number, to: number): number[] {
  const powers = Math.round(Math.log10(to / from))
  return Array.from({ length: powers + 1 }, (_, power) => Number((from * 10 ** power).toPrecision(3)))
}
