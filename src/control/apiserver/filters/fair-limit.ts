import type { Clock } from '../../../base/clock.js';
import { tooManyRequests } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import type { RejectionReason, SchemaCounts } from '../flow-control/flow-counts.js';
import type { Waiting } from '../flow-control/queue-set.js';
import type { Filter } from './filter.js';
import { isReadOnly } from './max-in-flight.js';

/** Milliseconds that a request waits for its turn at most, of those that it may take. */
const waitFraction = 1 / 4;

/**
 * Has requests take turns as FlowSchemas and PriorityLevelConfigurations say; 429 for what finds no place to wait, or waits too long.
 * Requests without an end of their own do not count.
 */
export function limitFairly(options: {
  readonly flows: FlowControl;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** How many seats a request is worth. */
  readonly widthOf: (exchange: Exchange) => number;
  readonly onChange: (kind: 'readOnly' | 'mutating', count: number) => void;
}): Filter {
  const { flows, clock, onChange } = options;
  const running = { readOnly: 0, mutating: 0 };
  return async (exchange, next) => {
    const { schema, level, queues, hash } = flows.flowOf(exchange.user, exchange.info);
    const { uid: schemaUid } = schema.metadata;
    const { uid: levelUid } = level.metadata;
    if (schemaUid !== undefined) exchange.setHeader('x-kubernetes-pf-flowschema-uid', schemaUid);
    if (levelUid !== undefined) exchange.setHeader('x-kubernetes-pf-prioritylevel-uid', levelUid);
    if (exchange.isLongRunning) return next();
    const counts = flows.counts.of(schema);
    const width = queues === null ? 1 : Math.min(options.widthOf(exchange), queues.widthMax);
    const place = queues?.enter(hash, width) ?? null;
    if (place === 'full') {
      counts.reject(
        level.spec?.limited?.limitResponse?.type === 'Queue' ? 'queue-full' : 'concurrency-limit',
      );
      throw refused();
    }
    if (place === null) counts.waitsBeforeRun.observe(0);
    else {
      const waitMs = options.requestTimeoutMs * waitFraction;
      await counted(counts, clock, (onGivenUp) =>
        seatOf(place, { clock, waitMs, signal: exchange.signal, onGivenUp }),
      );
    }
    const kind = isReadOnly(exchange) ? 'readOnly' : 'mutating';
    counts.dispatched++;
    counts.executing++;
    counts.seats += width;
    onChange(kind, ++running[kind]);
    try {
      await next();
    } finally {
      counts.executing--;
      counts.seats -= width;
      onChange(kind, --running[kind]);
      queues?.exit(width);
      flows.onSeatFree();
    }
  };
}

/** Counts somebody who waits, and how long. */
async function counted(
  counts: SchemaCounts,
  clock: Clock,
  wait: (onGivenUp: (reason: RejectionReason) => void) => Promise<void>,
): Promise<void> {
  const startMs = clock.now();
  let waits = counts.waitsBeforeRun;
  counts.waiting++;
  try {
    await wait((reason) => {
      counts.reject(reason);
      waits = counts.waitsInVain;
    });
  } finally {
    counts.waiting--;
    waits.observe((clock.now() - startMs) / 1000);
  }
}

function refused(): Error {
  return tooManyRequests('Too many requests, please try again later.', 1);
}

function seatOf(
  place: Waiting,
  {
    clock,
    waitMs,
    signal,
    onGivenUp,
  }: {
    readonly clock: Clock;
    readonly waitMs: number;
    readonly signal: AbortSignal;
    readonly onGivenUp: (reason: RejectionReason) => void;
  },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      if (!place.leave()) return;
      onGivenUp(signal.aborted ? 'cancelled' : 'time-out');
      clock.clearTimer(timer);
      signal.removeEventListener('abort', giveUp);
      reject(refused());
    };
    const timer = clock.setTimer(waitMs, giveUp);
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    void place.admitted.then(() => {
      clock.clearTimer(timer);
      signal.removeEventListener('abort', giveUp);
      resolve();
    });
  });
}
