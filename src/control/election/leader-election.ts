import { assert } from '../../base/assert.js';
import { type Clock, sleep } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import { electionPrefix } from '../machinery/fence.js';
import { type ElectionStore, ElectionStoreError } from './election-store.js';
import { Leadership } from './leadership.js';

/** Which election, who is the candidate, and the times of both. */
export interface LeaderElectionOptions {
  readonly store: ElectionStore;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  /** Of the election; names of objects, so that they make a key. */
  readonly namespace: string;
  readonly name: string;
  /** Tells this candidate from all others. */
  readonly identity: string;
  /** How long a leader that is not heard of keeps others from leading. */
  readonly leaseSeconds: number;
  /** How long a leader goes on without a renewal. Less than the lease, by more than clocks drift and renewals travel. */
  readonly renewDeadlineMs: number;
  /** Between renewals, and between attempts that failed. */
  readonly retryMs: number;
}

/** How a candidacy ended: by its signal, or by the loss of the leadership, after which the work is to begin anew or not at all. */
export type ElectionOutcome = 'stopped' | 'lost';

/** The patience of a request that ends something nobody waits for. */
const releaseMsMax = 2000;

/** The key that stands for the leadership of an election. */
export function electionKey(namespace: string, name: string): string {
  return `${electionPrefix}${namespace}/${name}`;
}

/**
 * One candidate of an election by the store: a lease, and a key that is created with it unless it is there. The leader renews the lease;
 * the others wait until the key goes. The creation revision of the key is the leadership's number: what carries it as a fence
 * has no effect after the leadership, even when its sender was stopped meanwhile and does not know.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #key: string;

  constructor(options: LeaderElectionOptions) {
    const { leaseSeconds, renewDeadlineMs, retryMs } = options;
    assert(renewDeadlineMs < leaseSeconds * 1000, 'a leader gives up before its lease ends');
    assert(retryMs > 0 && retryMs < renewDeadlineMs, 'a leader renews before it gives up');
    this.#options = options;
    this.#key = electionKey(options.namespace, options.name);
  }

  /**
   * Waits for the leadership, and runs `lead` for as long as it lasts: until `leadership.signal` aborts, after which `lead` ends what is
   * under way and resolves. Then the leadership is released. Never waits for a store that does not answer for longer than it says.
   */
  async run(
    lead: (leadership: Leadership) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ElectionOutcome> {
    const term = await this.#acquire(signal);
    if (term === null) return 'stopped';
    const { leadership, lease } = term;
    const onStop = () => leadership.giveUp(signal.reason);
    signal.addEventListener('abort', onStop, { once: true });
    if (signal.aborted) onStop();
    const worked = new AbortController();
    const keeping = this.#keep(term, worked.signal);
    try {
      await lead(leadership);
    } finally {
      signal.removeEventListener('abort', onStop);
      leadership.giveUp(new Error('the work is done'));
      worked.abort();
      await keeping;
      await this.#revoke(lease);
      if (leadership.isLost) {
        const { message } = leadership.signal.reason as Error;
        this.#options.logger.warn(message, { identity: this.#options.identity });
      }
    }
    return leadership.isLost ? 'lost' : 'stopped';
  }

  /** Null: the signal came first. */
  async #acquire(signal: AbortSignal): Promise<Term | null> {
    const { clock, prng, logger, store, retryMs } = this.#options;
    let told = '';
    while (!signal.aborted) {
      try {
        const { holder, revision } = await store.read(this.#key, this.#call(signal));
        if (holder === null) {
          const term = await this.#claim(signal);
          if (term !== null) return term;
          continue;
        }
        if (told !== holder.value) logger.info('standing by', { leader: holder.value });
        told = holder.value;
        await this.#untilReleased(revision, signal);
        continue;
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof ElectionStoreError)) throw error;
        logger.warn('cannot take part in the election; trying again', { error: error.message });
      }
      // Told to stop: the loop ends.
      await sleep(clock, retryMs * (1 + prng.float() / 5), signal).catch(() => {});
    }
    return null;
  }

  /** Null: another was faster. */
  async #claim(signal: AbortSignal): Promise<Term | null> {
    const { clock, store, identity, leaseSeconds, renewDeadlineMs, logger } = this.#options;
    const grantedMs = clock.now();
    const lease = await store.grant(leaseSeconds, this.#call(signal));
    let term: Term | null = null;
    try {
      const claim = { key: this.#key, value: identity, lease };
      const createRevision = await store.claim(claim, this.#call(signal));
      if (createRevision === null) return null;
      if (clock.now() - grantedMs >= renewDeadlineMs) {
        throw new ElectionStoreError('the store took too long to make this process the leader');
      }
      const fence = { key: this.#key, createRevision };
      const leadership = new Leadership({ fence, clock, grantedMs, renewDeadlineMs });
      term = { leadership, lease };
    } finally {
      // An attempt whose outcome is unknown must not keep others from leading.
      if (term === null) await this.#revoke(lease);
    }
    logger.info('leading', { identity, createRevision: term.leadership.fence.createRevision });
    return term;
  }

  /** Resolves when the key may be free. Looked up again now and then, whatever the watch says. */
  async #untilReleased(revision: number, signal: AbortSignal): Promise<void> {
    const { clock, store, leaseSeconds } = this.#options;
    const waiting = new AbortController();
    const end = () => waiting.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    const released = store.untilReleased(this.#key, revision, waiting.signal);
    const late = sleep(clock, leaseSeconds * 1000, waiting.signal);
    try {
      await Promise.race([released, late]);
    } finally {
      signal.removeEventListener('abort', end);
      waiting.abort();
      await Promise.allSettled([released, late]);
    }
  }

  /** Renews until the work has ended. Failures are tried again: the leadership's own clock says when it is too late. */
  async #keep({ leadership, lease }: Term, worked: AbortSignal): Promise<void> {
    const { clock, store, retryMs, logger } = this.#options;
    while (!worked.aborted) {
      await sleep(clock, retryMs, worked).catch(() => {}); // The work has ended.
      if (worked.aborted) return;
      const sentMs = clock.now();
      try {
        const isThere = await store.renew(lease, this.#call(worked));
        if (isThere) leadership.onRenewed(sentMs);
        else {
          leadership.lose('its lease is gone');
          return;
        }
      } catch (error) {
        if (worked.aborted) return;
        if (!(error instanceof ElectionStoreError)) throw error;
        logger.warn('cannot renew the leadership; trying again', { error: error.message });
      }
    }
  }

  async #revoke(lease: bigint): Promise<void> {
    try {
      await this.#options.store.revoke(lease, { timeoutMs: releaseMsMax });
    } catch (error) {
      if (!(error instanceof ElectionStoreError)) throw error;
      this.#options.logger.warn('the lease of the election ends by itself', {
        error: error.message,
      });
    }
  }

  #call(signal: AbortSignal) {
    const { renewDeadlineMs, retryMs } = this.#options;
    return { signal, timeoutMs: Math.max(retryMs, renewDeadlineMs / 2) };
  }
}

interface Term {
  readonly leadership: Leadership;
  readonly lease: bigint;
}
