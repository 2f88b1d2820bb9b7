// Times for people. The time of now is passed in, so that tests have it in hand.

const minute = 60_000
const day = 86_400_000

/** Hours and minutes. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

/** The start of the day, as the reader has days. */
export function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

export function dayName(at: number, now: number): string {
  const days = Math.round((dayOf(at) - dayOf(now)) / day)
  if (days === 0) return 'Today'
  if (days === 1) return 'Tomorrow'
  if (days === -1) return 'Yesterday'
  return new Date(at).toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' })
}

/** How long ago, or in how long, in words. */
export function relativeTime(at: number, now: number): string {
  const ms = Math.abs(at - now)
  const words =
    ms < minute
      ? 'less than a minute'
      : ms < 60 * minute
        ? `${Math.round(ms / minute)} min`
        : ms < day
          ? `${Math.round(ms / (60 * minute))} h`
          : `${Math.round(ms / day)} d`
  if (at > now) return `in ${words}`
  return ms < minute ? 'just now' : `${words} ago`
}
