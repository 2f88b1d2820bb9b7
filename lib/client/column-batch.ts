// Columns for a handler: one array for each name, all of them views of the values that the engine gathered.
import type { RouteSpec } from './engine'
import type { ColumnBatch } from './message-router'

/** `values`: the columns one behind the other, `rows` values each; `missing` of them are NaN. */
export function columnBatch(
  columns: NonNullable<RouteSpec['columns']>,
  rows: number,
  values: Float64Array,
  missing: number,
): ColumnBatch {
  const batch: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  columns.forEach(({ name }, i) => {
    batch[name] = values.subarray(i * rows, (i + 1) * rows)
  })
  Object.defineProperty(batch, 'rows', { value: rows })
  Object.defineProperty(batch, 'missing', { value: missing })
  return batch as ColumnBatch
}
