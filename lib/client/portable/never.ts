/** No time at all, or no deadline. */
export const never = Infinity
