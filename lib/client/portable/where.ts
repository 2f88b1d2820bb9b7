// The conditions of a route, as src/core/router has them.
import type { Condition, RouteSpec, Scalar } from '../engine'
import { tokens } from '../pointer'
import { valueAt } from './value-at'

function conditionTest(condition: Condition): (value: unknown) => boolean {
  if ('any' in condition) {
    // A Set tells values apart as === does, but for NaN, which JSON has not.
    const wanted = new Set<unknown>(condition.any satisfies Scalar[])
    return (value) => wanted.has(value ?? null)
  }
  const { gt, gte, lt, lte } = condition
  return (value) =>
    typeof value === 'number' &&
    (gt !== undefined ? value > gt : gte === undefined || value >= gte) &&
    (lt !== undefined ? value < lt : lte === undefined || value <= lte)
}

/** All conditions of a route as one test of a message. */
export function whereTest(spec: RouteSpec): (message: unknown) => boolean {
  const tests = (spec.where ?? []).map((condition) => {
    const path = tokens(condition.pointer)
    const holds = conditionTest(condition)
    return (message: unknown): boolean => holds(valueAt(message, path))
  })
  return (message) => tests.every((test) => test(message))
}
