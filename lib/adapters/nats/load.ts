// The packages that the adapters of NATS need, loaded when one of them starts.
import { HawserError } from '../../core/error'

export async function loadTransport(who: string): Promise<typeof import('@nats-io/transport-node')> {
  try {
    return await import('@nats-io/transport-node')
  } catch (cause) {
    throw missing(who, '@nats-io/transport-node', cause)
  }
}

export async function loadJetStream(who: string): Promise<typeof import('@nats-io/jetstream')> {
  try {
    return await import('@nats-io/jetstream')
  } catch (cause) {
    throw missing(who, '@nats-io/jetstream', cause)
  }
}

function missing(who: string, name: string, cause: unknown): HawserError {
  return new HawserError('INVALID_STATE', `\`${who}\` needs the package \`${name}\`: npm install ${name}`, {
    cause,
  })
}
