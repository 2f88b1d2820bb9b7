// Makes the native engine of a managed client from its options.
import { runtime } from '../native/runtime'
import { NativeEngine } from '../native/client-engine'
import { nativeConnect } from '../core/native-connect'
import { tlsContexts } from '../core/tls-context'
import type { CheckedManagedOptions } from './client-options'
import type { ClientEngine, EngineEvents } from './engine'
import { headerIndex } from '../core/http-syntax'

/** Throws what the native part throws, and TLS_BAD_MATERIAL. */
export function makeEngine(options: CheckedManagedOptions, events: EngineEvents): ClientEngine {
  const { socket, targets, queue, reconnect, layout } = options
  const plain = options.codec === undefined && options.dialect === undefined
  const protocols = options.protocols.join(', ')
  const endpoints = targets.map((target) => {
    const headers = [...socket.headers]
    if (target.authorization !== '' && headerIndex(headers, 'authorization') < 0) {
      headers.push('Authorization', target.authorization)
    }
    const tls = target.secure ? tlsContexts(runtime().native).client(socket.tls) : 0
    return nativeConnect(target, socket, protocols, headers, tls, [], socket.connectTimeout)
  })
  const settings = {
    endpoints,
    strategy: options.strategy,
    learned: options.learned.flatMap(({ opened, failed, successRate, latency }) => [
      opened,
      failed,
      successRate,
      latency,
    ]),
    reconnect: reconnect.enabled,
    minDelay: reconnect.minDelay,
    maxDelay: reconnect.maxDelay,
    factor: reconnect.factor,
    jitter: reconnect.jitter,
    maxAttempts: reconnect.maxAttempts,
    minUptime: reconnect.minUptime,
    adaptive: reconnect.adaptive,
    recoverableCodes: reconnect.recoverableCodes,
    finalCodes: reconnect.finalCodes,
    maxMessages: queue.maxMessages,
    maxQueuedBytes: queue.maxBytes,
    overflow: queue.overflow,
    ttl: queue.ttl,
    ackTimeout: queue.ackTimeout,
    maxRetries: queue.retries,
    maxRequests: options.maxRequests,
    store: queue.store?.path ?? '',
    line: queue.store?.name ?? '',
    fsync: queue.store?.fsync ?? false,
    typeAt: layout.typeAt,
    roomAt: layout.roomAt,
    correlationAt: layout.correlationAt,
    // What a codec or a dialect reads is no payload alone.
    payloadAt: plain ? layout.payloadAt : '',
    errorAt: plain ? layout.errorAt : '',
    replyType: layout.replyType,
    batchMax: options.batch.max,
    batchEvery: options.batch.every,
    batchAlways: options.batch.always,
    gated: options.gated,
    messageInterval: options.heartbeatMessages.interval,
    messageTimeout: options.heartbeatMessages.timeout,
    auth: options.auth !== undefined,
    acks: options.acks,
    seed: crypto.getRandomValues(new Uint32Array(1))[0],
  }
  const { highWaterMark, maxBackpressure } = socket.socket
  return new NativeEngine(settings, { highWaterMark, maxBackpressure, maxBytes: queue.maxBytes }, events)
}
