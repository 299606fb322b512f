import { type Clock, sleep } from '../../../base/clock.js';
import type { Prng } from '../../../base/prng.js';
import type { AuditBackend, OnAuditLoss } from './audit-backend.js';
import type { AuditEntry } from './audit-entry.js';

const triesMax = 5;
const backoffFactor = 1.5;
const backoffJitter = 0.2;

/** Sends events to another server, as a list. Whatever goes wrong is tried again, five times in all. */
export class WebhookBackend implements AuditBackend {
  readonly #send: (json: string) => Promise<void>;
  readonly #initialBackoffMs: number;
  readonly #clock: Clock;
  readonly #prng: Prng;
  readonly #onLoss: OnAuditLoss;
  /** Aborted when it closes: nobody waits for another try then. */
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<boolean>>();

  constructor(options: {
    /** Sends JSON once. Rejects when it was not taken. */
    readonly send: (json: string) => Promise<void>;
    readonly initialBackoffMs: number;
    readonly clock: Clock;
    readonly prng: Prng;
    readonly onLoss: OnAuditLoss;
  }) {
    this.#send = options.send;
    this.#initialBackoffMs = options.initialBackoffMs;
    this.#clock = options.clock;
    this.#prng = options.prng;
    this.#onLoss = options.onLoss;
  }

  take(entries: readonly AuditEntry[]): Promise<boolean> {
    const sent = this.#sendSeveralTimes(entries).finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
    return sent;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
  }

  async #sendSeveralTimes(entries: readonly AuditEntry[]): Promise<boolean> {
    const items = entries.map(({ json }) => json).join(',');
    const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${items}]}`;
    let pauseMs = this.#initialBackoffMs;
    for (let tries = 1; ; tries++) {
      try {
        await this.#send(list);
        return true;
      } catch (error) {
        if (tries === triesMax || this.#closing.signal.aborted) {
          this.#onLoss('webhook', entries.length, error);
          return false;
        }
      }
      const jitter = 1 + backoffJitter * this.#prng.float();
      await sleep(this.#clock, pauseMs * jitter, this.#closing.signal).catch(() => {});
      pauseMs *= backoffFactor;
    }
  }
}
