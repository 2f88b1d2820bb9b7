// How urgent messages are, as programs say it and, by their places, as engines do.
export const priorities = ['high', 'normal', 'low'] as const
export type Priority = (typeof priorities)[number]
