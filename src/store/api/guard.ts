import { setMaxListeners } from 'node:events';
import { noMember } from '../../base/ids.js';
import {
  type CallContext,
  type Metadata,
  RpcError,
  type ServerStream,
  type ServiceImplementation,
  Status,
  type StreamHandler,
  streamEnd,
  type UnaryHandler,
} from '../../rpc/service.js';
import { KV, Maintenance } from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';

/**
 * What holds for every method: a learner serves only what needs no say in the quorum, and a caller that asks for it
 * (metadata `hasleader: true`) is turned away, or its stream ended, when this member knows no leader.
 */
export function withGuard(
  context: ApiContext,
  service: ServiceImplementation,
): ServiceImplementation {
  const unary = new Map<string, UnaryHandler<unknown, unknown>>();
  for (const [name, handler] of service.unary) {
    const path = service.descriptor.methods[name]?.path ?? '';
    unary.set(name, (request, call) => {
      if (!isServedByLearner(path, request)) refuseOnLearner(context);
      refuseWithoutLeader(context, call);
      return handler(request, call);
    });
  }
  const stream = new Map<string, StreamHandler<unknown, unknown>>();
  for (const [name, handler] of service.stream) {
    stream.set(name, (call) => {
      refuseOnLearner(context);
      refuseWithoutLeader(context, call);
      return requiresLeader(call.metadata) ? whileLed(context, call, handler) : handler(call);
    });
  }
  return { descriptor: service.descriptor, unary, stream };
}

/** A learner answers about itself, and reads that may be stale. */
function isServedByLearner(path: string, request: unknown): boolean {
  if (path === Maintenance.methods.Status.path) return true;
  if (path !== KV.methods.Range.path) return false;
  return (request as { readonly serializable: boolean }).serializable;
}

function refuseOnLearner(context: ApiContext): void {
  if (context.members.get(context.memberId)?.isLearner === true) {
    throw new StoreError('not-supported-for-learner');
  }
}

function refuseWithoutLeader(context: ApiContext, call: CallContext): void {
  if (!requiresLeader(call.metadata)) return;
  if (context.raft().leader === noMember) throw new StoreError('no-leader');
}

function requiresLeader(metadata: Metadata): boolean {
  return metadata.get('hasleader')?.[0] === 'true';
}

async function whileLed(
  context: ApiContext,
  call: ServerStream<unknown, unknown>,
  handler: StreamHandler<unknown, unknown>,
): Promise<void> {
  const bound = new LeaderBoundStream(call, context.leaderLost());
  try {
    await streamEnd(() => handler(bound));
  } finally {
    bound.release();
  }
}

/** A stream that ends with `no leader` when the leader is lost. */
class LeaderBoundStream<Req, Res> implements ServerStream<Req, Res> {
  readonly requests: AsyncIterable<Req>;
  readonly signal: AbortSignal;
  /** Stops listening for the loss of the leader. Call it when the stream's handler has settled. */
  readonly release: () => void;
  readonly #inner: ServerStream<Req, Res>;

  constructor(inner: ServerStream<Req, Res>, leaderLost: AbortSignal) {
    this.#inner = inner;
    const lost = new AbortController();
    const onLost = () => lost.abort(noLeader());
    // Any number of streams may wait on the one signal.
    setMaxListeners(0, leaderLost);
    leaderLost.addEventListener('abort', onLost, { once: true });
    this.release = () => leaderLost.removeEventListener('abort', onLost);
    if (leaderLost.aborted) onLost();
    this.signal = AbortSignal.any([inner.signal, lost.signal]);
    this.requests = untilAborted(inner.requests, this.signal);
  }

  get metadata(): Metadata {
    return this.#inner.metadata;
  }

  get peer(): string {
    return this.#inner.peer;
  }

  get peerCertificates(): readonly Uint8Array[] {
    return this.#inner.peerCertificates ?? [];
  }

  get timeoutMs(): number | null {
    return this.#inner.timeoutMs;
  }

  send(response: Res): boolean {
    return this.#inner.send(response);
  }

  sendEncoded(response: Uint8Array | readonly Uint8Array[]): boolean {
    return this.#inner.sendEncoded(response);
  }

  drained(): Promise<void> {
    return this.#inner.drained();
  }
}

function noLeader(): RpcError {
  return new RpcError(Status.unavailable, new StoreError('no-leader').message);
}

/** The items until the signal is aborted; then it throws the signal's reason, also in the middle of waiting. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  for (;;) {
    const next = await firstOf(iterator.next(), signal);
    if (next.done) return;
    yield next.value;
  }
}

function firstOf<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const done = () => signal.removeEventListener('abort', onAbort);
    promise.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}
