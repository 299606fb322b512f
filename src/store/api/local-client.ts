import { concatBytes, toLatin1 } from '../../base/bytes.js';
import {
  type CompareInit,
  CompareResult,
  CompareTarget,
  EventType,
  RangeRequest,
  type RangeRequestInit,
  type RangeResponse,
  type RequestOpInit,
  TxnRequest,
  type TxnResponse,
  WatchCreateRequest,
  type WatchCreateRequestInit,
  WatchResponse,
} from '../../wire/index.js';
import type { CallerTraces } from '../auth/authenticator.js';
import { CommandKind } from '../contracts.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { proposeAs, refuseWhenCorrupt, refuseWithoutSpace } from './propose.js';
import { putBytes } from './txn-kind.js';

/**
 * What the services built on top of the store (lock, election) do with it, inside the member: the same requests that
 * clients make, without the way over the network.
 */

/** Watch responses that wait for their reader before the hub is told to hold back. */
const watchQueueMax = 64;

/** The call that things are done for: who makes it, and whether it is still wanted. */
export interface LocalCall extends CallerTraces {
  readonly signal: AbortSignal;
}

const never = new AbortController().signal;

/** The same caller, for cleaning up, which is not cancelled with the call. */
export function afterwards({ metadata, peerCertificates }: LocalCall): LocalCall {
  return {
    metadata,
    ...(peerCertificates === undefined ? {} : { peerCertificates }),
    signal: never,
  };
}

/** A write transaction. */
export async function localTxn(
  context: ApiContext,
  init: {
    readonly compare: readonly CompareInit[];
    readonly success: readonly RequestOpInit[];
    readonly failure: readonly RequestOpInit[];
  },
  call: LocalCall,
): Promise<TxnResponse> {
  const payload = TxnRequest.encode(init);
  refuseWhenCorrupt(context);
  await refuseWithoutSpace(context, putBytes(TxnRequest.decode(payload)));
  const command = { kind: CommandKind.txn, payload, response: 'txn' } as const;
  return (await proposeAs(context, call, command, call.signal)).value;
}

/** A linearizable range. */
export async function localRange(
  context: ApiContext,
  init: RangeRequestInit,
  call: LocalCall,
): Promise<RangeResponse> {
  await context.readBarrier(call.signal);
  const request = RangeRequest.decode(RangeRequest.encode(init));
  if (!context.auth.isEnabled) return context.mvcc.range(request);
  return context.auth.read(
    call,
    (access, user) => access.read(user, request),
    () => context.mvcc.range(request),
  );
}

/** The comparison "the key was created at this revision" (0: the key is absent). */
export function createdAt(key: Uint8Array, revision: number): CompareInit {
  return {
    key,
    target: CompareTarget.CREATE,
    result: CompareResult.EQUAL,
    createRevision: revision,
  };
}

/** The end of the range of all keys that begin with `prefix`; the byte 0 (from the prefix on) when there is none above. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix[length - 1] ?? 0;
    if (last === 0xff) continue;
    // A copy: `slice` of a Buffer is none.
    const end = new Uint8Array(prefix.subarray(0, length));
    end[length - 1] = last + 1;
    return end;
  }
  return new Uint8Array(1);
}

/** Watch responses from `startRevision` on, until the call's signal is aborted (then it throws the reason). */
export async function* localWatch(
  context: ApiContext,
  init: WatchCreateRequestInit,
  call: LocalCall,
): AsyncGenerator<WatchResponse> {
  const request = WatchCreateRequest.decode(WatchCreateRequest.encode(init));
  if (context.auth.isEnabled) {
    const user = await context.auth.identify(call);
    if (context.auth.isEnabled) context.auth.access.read(user, request);
  }
  const { signal } = call;
  const queue: (readonly Uint8Array[])[] = [];
  let wake: () => void = () => {};
  const stream = context.watch.openStream({
    send(response) {
      queue.push(response);
      wake();
      return queue.length < watchQueueMax;
    },
  });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    stream.create(request);
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const pieces = queue.shift();
      if (pieces !== undefined) {
        if (queue.length === watchQueueMax - 1) stream.onDrained();
        yield WatchResponse.decode(concatBytes(pieces));
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.close();
  }
}

/** Resolves with a revision at which the key is gone, given that it existed at `revision`. */
export async function waitForDelete(
  context: ApiContext,
  key: Uint8Array,
  revision: number,
  call: LocalCall,
): Promise<number> {
  const wanted = toLatin1(key);
  for await (const response of localWatch(context, { key, startRevision: revision + 1 }, call)) {
    if (response.canceled) throw new StoreError('compacted');
    for (const event of response.events) {
      const isKey = event.kv !== undefined && toLatin1(event.kv.key) === wanted;
      if (isKey && event.type === EventType.DELETE) return event.kv?.modRevision ?? revision;
    }
  }
  throw call.signal.reason;
}
