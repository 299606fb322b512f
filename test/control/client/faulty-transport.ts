import type { Clock } from '../../../src/base/clock.js';
import { sleep } from '../../../src/base/clock.js';
import type { Prng } from '../../../src/base/prng.js';
import {
  type Transport,
  UnreachableError,
  type WatchEvent,
} from '../../../src/control/client/index.js';
import type { ApiCall, CallControl, WatchCall } from '../../../src/control/client/transport.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import {
  resourceExpired,
  serviceUnavailable,
} from '../../../src/control/machinery/status-errors.js';

interface Change {
  readonly revision: number;
  readonly event: WatchEvent;
}

/** How badly things go: chances of each fault. */
export interface Faults {
  readonly drop: number;
  readonly refuse: number;
  readonly expire: number;
}

const bookmarkEvery = 7;

/** A server's objects with their history, behind a way on which requests fail, watches break off and history is forgotten. */
export class FaultyTransport implements Transport {
  readonly objects = new Map<string, KubeObject>();
  faults: Faults = { drop: 0, refuse: 0, expire: 0 };
  lists = 0;
  #revision = 10;
  #uids = 0;
  #history: Change[] = [];
  /** History up to it is forgotten. */
  #compacted = 10;
  readonly #clock: Clock;
  readonly #prng: Prng;

  constructor(clock: Clock, prng: Prng) {
    this.#clock = clock;
    this.#prng = prng;
  }

  get revision(): number {
    return this.#revision;
  }

  put(name: string): void {
    const before = this.objects.get(name);
    const resourceVersion = String(++this.#revision);
    const uid = before?.metadata.uid ?? `uid-${++this.#uids}`;
    const object = { metadata: { name, uid, resourceVersion } };
    this.objects.set(name, object);
    this.#record(before === undefined ? 'ADDED' : 'MODIFIED', object);
  }

  remove(name: string): void {
    const before = this.objects.get(name);
    if (before === undefined) return;
    this.objects.delete(name);
    const resourceVersion = String(++this.#revision);
    this.#record('DELETED', { metadata: { ...before.metadata, resourceVersion } });
  }

  /** Forgets all history so far. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history = [];
  }

  async call(call: ApiCall): Promise<Uint8Array> {
    await sleep(this.#clock, this.#prng.int(0, 20));
    this.#maybeRefuse();
    this.lists++;
    const all = [...this.objects].sort(([a], [b]) => (a < b ? -1 : 1));
    const items = all.map(([, object]) => object);
    // A list may be answered by a server that is behind, but never behind what was asked for.
    const list = { metadata: { resourceVersion: String(this.#revision) }, items };
    if (call.verb !== 'list') throw new Error(`no ${call.verb} here`);
    return new TextEncoder().encode(JSON.stringify(list));
  }

  async *watch({ parameters }: WatchCall, { signal }: CallControl): AsyncGenerator<WatchEvent> {
    await sleep(this.#clock, this.#prng.int(0, 20), signal).catch(() => {});
    this.#maybeRefuse();
    let from = Number(parameters.resourceVersion || 0);
    if (parameters.sendInitialEvents === 'true') {
      for (const object of [...this.objects.values()]) yield { type: 'ADDED', object };
      from = this.#revision;
      yield bookmark(from, { 'k8s.io/initial-events-end': 'true' });
    }
    for (let sent = 0; signal?.aborted !== true; ) {
      if (from < this.#compacted || this.#prng.chance(this.faults.expire)) {
        throw resourceExpired(`too old resource version: ${from}`);
      }
      if (this.#prng.chance(this.faults.drop)) {
        if (this.#prng.chance(0.5)) return;
        throw new UnreachableError('the connection broke');
      }
      const next = this.#history.find(({ revision }) => revision > from);
      if (next === undefined) {
        await sleep(this.#clock, 5, signal).catch(() => {});
        continue;
      }
      from = next.revision;
      yield next.event;
      if (++sent % bookmarkEvery === 0) yield bookmark(from, {});
    }
  }

  document(): Promise<Uint8Array> {
    throw new Error('no documents here');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #record(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    this.#history.push({ revision: this.#revision, event: { type, object } });
  }

  #maybeRefuse(): void {
    if (!this.#prng.chance(this.faults.refuse)) return;
    throw this.#prng.chance(0.5)
      ? new UnreachableError('connection refused')
      : serviceUnavailable('not now');
  }
}

function bookmark(revision: number, annotations: Record<string, string>): WatchEvent {
  return {
    type: 'BOOKMARK',
    object: { metadata: { resourceVersion: String(revision), annotations } },
  };
}
