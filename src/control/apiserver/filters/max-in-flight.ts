import type { Clock } from '../../../base/clock.js';
import { tooManyRequests } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { FairQueue } from './fair-queue.js';
import type { Filter } from './filter.js';

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** How many requests run at a time; 0 is no limit. */
export interface InFlightLimits {
  readonly reading: number;
  readonly writing: number;
}

/** Requests of one user that may wait for their turn. */
const waitingPerUserMax = 200;
/** Milliseconds that a request waits for its turn, as a quarter of the usual request timeout. */
const waitMsMax = 15_000;

/** Tells whether a request only reads, as the limits and the metrics count it. */
export function isReadOnly({ info }: Exchange): boolean {
  return readVerbs.has(info.verb);
}

/**
 * Runs a bounded number of requests at a time. When all places are taken, users wait for their turns, one place after the other to
 * each; who has too many waiting, or waited too long, gets 429. Requests without an end of their own do not count; nor do those of
 * `system:masters`, so that who administers the cluster always gets in.
 */
export function limitInFlight(options: {
  readonly limits: InFlightLimits;
  readonly clock: Clock;
  readonly onChange: (kind: 'readOnly' | 'mutating', count: number) => void;
}): Filter {
  const { limits, clock, onChange } = options;
  const queues = { readOnly: queueOf(limits.reading), mutating: queueOf(limits.writing) };
  return async (exchange, next) => {
    const kind = isReadOnly(exchange) ? 'readOnly' : 'mutating';
    const queue = queues[kind];
    const isExempt = exchange.user.groups.includes('system:masters');
    if (queue === null || exchange.isLongRunning || isExempt) return next();
    await waitForPlace(queue, exchange, clock);
    onChange(kind, queue.running);
    try {
      await next();
    } finally {
      queue.exit();
      onChange(kind, queue.running);
    }
  };
}

function queueOf(runningMax: number): FairQueue | null {
  return runningMax === 0
    ? null
    : new FairQueue({ runningMax, waitingPerFlowMax: waitingPerUserMax });
}

async function waitForPlace(
  queue: FairQueue,
  { user, signal }: Exchange,
  clock: Clock,
): Promise<void> {
  const place = queue.enter(user.name);
  if (place === null) return;
  const refused = () => tooManyRequests('Too many requests, please try again later.', 1);
  if (place === 'full') throw refused();
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => {
      place.leave();
      reject(refused());
    };
    const timer = clock.setTimer(waitMsMax, giveUp);
    signal.addEventListener('abort', giveUp, { once: true });
    void place.admitted.then(() => {
      clock.clearTimer(timer);
      signal.removeEventListener('abort', giveUp);
      resolve();
    });
  });
}
