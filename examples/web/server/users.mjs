// Who peers are. These examples have no passwords: the token is the name, and whoever says it has it.

/**
 * @param {string | undefined} token
 * @returns {{ userId: string } | undefined} undefined: no name that can be shown
 */
export function nameOfToken(token) {
  if (token === undefined || token.length > 24 || token.trim() !== token) return undefined
  return token === '' || /[\p{C}/]/u.test(token) ? undefined : { userId: token }
}
