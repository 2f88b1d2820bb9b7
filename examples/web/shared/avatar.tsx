import { hueOf, initialsOf } from './people'

/** A person as a disc of two letters; decoration, since the name stands beside it. */
export const Avatar = ({ name, status, little }: { name: string; status?: string; little?: boolean }) => (
  <span
    className={little ? 'avatar little' : 'avatar'}
    style={{ '--hue': hueOf(name) } as object}
    aria-hidden
  >
    {initialsOf(name)}
    {status !== undefined && <span className={`dot ${status}`} />}
  </span>
)
