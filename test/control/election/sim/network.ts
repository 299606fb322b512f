import type { Prng } from '../../../../src/base/prng.js';
import { ElectionStoreError } from '../../../../src/control/election/index.js';
import type { MachineTime } from '../../../sim/clock.js';
import type { Scheduler } from '../../../sim/scheduler.js';
import type { ElectionKnobs } from './knobs.js';

const lateMsMax = 60_000;

/** Between candidates and servers: messages take their time, get lost, come late or twice. */
export class ElectionNetwork {
  readonly #scheduler: Scheduler;
  readonly #servers: MachineTime;
  readonly #knobs: ElectionKnobs;
  readonly #prng: Prng;
  readonly #cut = new Set<string>();
  #isHealed = false;

  constructor(scheduler: Scheduler, servers: MachineTime, knobs: ElectionKnobs, prng: Prng) {
    this.#scheduler = scheduler;
    this.#servers = servers;
    this.#knobs = knobs;
    this.#prng = prng;
  }

  /** Nothing gets from or to a candidate any more. */
  cut(name: string): void {
    this.#cut.add(name);
  }

  join(name: string): void {
    this.#cut.delete(name);
  }

  /** From now on every message arrives, soon. */
  heal(): void {
    this.#isHealed = true;
    this.#cut.clear();
  }

  /** A message to a server, which it acts on when it arrives. */
  send(from: string, act: () => void): void {
    const times = this.#chance(this.#knobs.twiceChance) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      if (this.#isLost(from)) continue;
      this.#scheduler.after(this.#delay(), 'network', 'request', () =>
        // A server that is down takes it when it is up again: its listener's queue is the kernel's.
        this.#servers.plan(0, 'act', act),
      );
    }
  }

  /** A request to the store and its answer. What the operation refuses is an answer. */
  exchange<T>(from: string, operation: () => T, onAnswer: (answer: T | Error) => void): void {
    this.send(from, () => {
      const answer = attempt(operation);
      if (this.#isLost(from)) return;
      this.#scheduler.after(this.#delay(), 'network', 'answer', () => onAnswer(answer));
    });
  }

  #isLost(name: string): boolean {
    return this.#cut.has(name) || this.#chance(this.#knobs.lossChance);
  }

  #delay(): number {
    const isLate = this.#chance(this.#knobs.lateChance);
    return this.#prng.float() * (isLate ? lateMsMax : 2 * this.#knobs.latencyMs);
  }

  #chance(probability: number): boolean {
    return !this.#isHealed && this.#prng.chance(probability);
  }
}

function attempt<T>(operation: () => T): T | Error {
  try {
    return operation();
  } catch (error) {
    if (error instanceof ElectionStoreError) return error;
    throw error;
  }
}
