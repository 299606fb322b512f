import { sleep } from '../../../src/base/clock.js';
import type { Prng } from '../../../src/base/prng.js';
import {
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchEvent,
} from '../../../src/control/client/index.js';
import type { ApiCall, WatchCall } from '../../../src/control/client/transport.js';
import {
  conflict,
  internalError,
  resourceExpired,
  serviceUnavailable,
  timeoutError,
  tooManyRequests,
} from '../../../src/control/machinery/status-errors.js';
import { hostClock } from '../../../src/host/clock.js';
import type { WriteCounts } from './write-counts.js';

/** How badly things go: the chance of each fault. */
export interface WayFaults {
  /** A request fails before anything is done. */
  readonly refuse: number;
  /** It is done, and nobody is told. */
  readonly lose: number;
  /** An update is refused for a change that somebody else is said to have made. */
  readonly conflict: number;
  /** A request or an event takes up to `delayMsMax` longer. */
  readonly delay: number;
  readonly delayMsMax: number;
  /** A watch breaks off, at each event. */
  readonly break: number;
  /** A watch is told that its revision is gone, at its beginning. */
  readonly expire: number;
}

/** All goes well. */
export const noFaults: WayFaults = {
  ...{ refuse: 0, lose: 0, conflict: 0, delay: 0, delayMsMax: 0, break: 0, expire: 0 },
};

/** What all ways of a run share: how badly things go now, and what was written. */
export interface WayConditions {
  faults: WayFaults;
  readonly writes: WriteCounts;
  /** Faults so far. */
  faultCount: number;
}

/** The way from one component to the real server: requests fail, answers are lost, watches break. Once cut, nothing gets through any more. */
export class FaultyWay implements Transport {
  readonly #component: string;
  readonly #inner: Transport;
  readonly #conditions: WayConditions;
  readonly #prng: Prng;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Since when requests are waiting for the server. */
  readonly #waiting = new Map<ApiCall, number>();
  #isCut = false;

  constructor(component: string, inner: Transport, conditions: WayConditions, prng: Prng) {
    this.#component = component;
    this.#inner = inner;
    this.#conditions = conditions;
    this.#prng = prng;
  }

  /** What was sent arrives; what was not is lost, and so are all answers. Resolves when the server has answered what was sent. */
  async cut(): Promise<void> {
    this.#isCut = true;
    await Promise.allSettled(this.#underWay);
  }

  /** Requests that the server has not answered for so long. */
  unanswered(forMs: number): readonly string[] {
    const nowMs = hostClock.now();
    return [...this.#waiting]
      .filter(([, sinceMs]) => nowMs - sinceMs > forMs)
      .map(([{ verb, resource, place }, sinceMs]) => {
        const seconds = Math.round((nowMs - sinceMs) / 1000);
        const name = `${place.namespace}/${place.name}`;
        return `no answer for ${seconds} s: ${this.#component} ${verb} ${resource.resource} ${name}`;
      });
  }

  async call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    await this.#maybeDelay();
    this.#maybeRefuse();
    const { conflict: conflictChance, lose } = this.#conditions.faults;
    if (call.verb === 'update' && this.#happens(conflictChance)) {
      throw conflict(call.resource, call.place.name, 'the object has been modified');
    }
    this.#conditions.writes.onCall(this.#component, call, hostClock.now());
    const answer = await this.#sendAndWait(call, control);
    await this.#maybeDelay();
    this.#failIfCut();
    if (this.#happens(lose)) {
      throw this.#prng.chance(0.5) ? timeoutError('the store took too long', 0) : broken();
    }
    return answer;
  }

  async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    await this.#maybeDelay();
    this.#maybeRefuse();
    if (this.#happens(this.#conditions.faults.expire)) {
      throw resourceExpired('too old resource version');
    }
    for await (const event of this.#inner.watch(call, control)) {
      await this.#maybeDelay();
      this.#failIfCut();
      if (this.#happens(this.#conditions.faults.break)) {
        if (this.#prng.chance(0.5)) return;
        throw broken();
      }
      yield event;
    }
  }

  async document(path: string, accept: string, control?: CallControl): Promise<Uint8Array> {
    this.#maybeRefuse();
    return this.#inner.document(path, accept, control);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #sendAndWait(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    this.#waiting.set(call, hostClock.now());
    try {
      return await this.#send(call, control);
    } finally {
      this.#waiting.delete(call);
    }
  }

  /** Writes are not broken off: nobody may find them done after {@link cut}, which a fence sees to where leaders are elected. */
  async #send(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    const isRead = call.verb === 'get' || call.verb === 'list';
    if (isRead) return this.#inner.call(call, control);
    const sent = this.#inner.call(call);
    this.#underWay.add(sent);
    try {
      return await sent;
    } finally {
      this.#underWay.delete(sent);
    }
  }

  #maybeRefuse(): void {
    this.#failIfCut();
    if (!this.#happens(this.#conditions.faults.refuse)) return;
    throw this.#prng.pick([
      () => internalError('no leader'),
      () => serviceUnavailable('not now'),
      () => tooManyRequests('too many requests', 1),
      broken,
    ])();
  }

  async #maybeDelay(): Promise<void> {
    const { delay, delayMsMax } = this.#conditions.faults;
    if (this.#happens(delay)) await sleep(hostClock, this.#prng.int(0, delayMsMax));
  }

  #happens(chance: number): boolean {
    const happens = chance > 0 && this.#prng.chance(chance);
    if (happens) this.#conditions.faultCount++;
    return happens;
  }

  #failIfCut(): void {
    if (this.#isCut) throw broken();
  }
}

function broken(): UnreachableError {
  return new UnreachableError('the connection broke');
}
