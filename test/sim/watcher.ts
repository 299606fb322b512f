import { toLatin1 } from '../../src/base/bytes.js';
import type { Prng } from '../../src/base/prng.js';
import { CallError } from '../../src/rpc/service.js';
import { Watch, type WatchResponse } from '../../src/wire/gen/etcdserverpb.js';
import { type Event, EventType } from '../../src/wire/gen/mvccpb.js';
import { type ClientWorld, pause } from './client.js';
import { SimFailure } from './failure.js';
import { toVersion } from './kv-calls.js';
import { WatchLog } from './watch-log.js';

/** How long a watcher stays with one member, at the most. */
const stayMsMax = 15_000;

/**
 * A client that watches keys from the first revision on and resumes by revision, at another member, whenever its stream ends
 * or it feels like it. What it is sent must be in order, without gaps or repetitions.
 */
export class Watcher {
  readonly log: WatchLog;
  readonly #name: string;
  readonly #world: ClientWorld;
  readonly #prng: Prng;

  /** `prefix` '' watches every key. */
  constructor(name: string, world: ClientWorld, options: { prng: Prng; prefix: string }) {
    this.#name = name;
    this.#world = world;
    this.#prng = options.prng;
    this.log = new WatchLog(name, options.prefix);
  }

  async run(): Promise<void> {
    while (!this.#world.isClosing()) {
      try {
        await this.#watchOnce();
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        this.#world.trace.note(this.#name, 'watch ends', () => error.message);
      }
      await pause(this.#world.scheduler, this.#name, this.#prng.int(10, 500));
    }
  }

  async #watchOnce(): Promise<void> {
    const { scheduler, trace } = this.#world;
    const { channel, server } = this.#world.connect(this.#name, this.#prng);
    const stream = channel.stream(Watch.methods.Watch);
    const stay = scheduler.after(this.#prng.int(100, stayMsMax), this.#name, 'leave', () => {
      stream.cancel();
    });
    const { prefix, nextRevision } = this.log;
    const range =
      prefix === ''
        ? { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }
        : { key: bytesOf(prefix), rangeEnd: bytesOf(successor(prefix)) };
    trace.note(this.#name, 'watch', () => `'${prefix}' from ${nextRevision} at ${server}`);
    stream.send({
      createRequest: {
        ...range,
        startRevision: nextRevision,
        prevKv: this.#prng.chance(0.5),
        progressNotify: this.#prng.chance(0.3),
        fragment: false,
      },
    });
    if (this.#prng.chance(0.3)) this.#askForProgress(() => stream.send({ progressRequest: {} }));
    try {
      for await (const response of stream.responses) {
        if (this.#take(response)) break;
      }
    } finally {
      scheduler.cancel(stay);
      stream.cancel();
    }
  }

  #askForProgress(ask: () => void): void {
    this.#world.scheduler.after(this.#prng.int(10, 3000), this.#name, 'progress', ask);
  }

  /** True: the watch is over. */
  #take(response: WatchResponse): boolean {
    const { trace } = this.#world;
    if (response.canceled) {
      trace.note(this.#name, 'watch cancelled', () => `compacted ${response.compactRevision}`);
      if (response.compactRevision > 0) this.log.onCompacted(response.compactRevision);
      return true;
    }
    if (response.created) return false;
    const revision = response.header?.revision ?? 0;
    trace.note(this.#name, 'watched', () => describe(response.events, revision));
    if (response.events.length === 0) this.log.onProgress(revision);
    else this.log.onEvents(response.events.map((event) => this.#toEvent(event)));
    return false;
  }

  #toEvent(event: Event) {
    const { kv, type, prevKv } = event;
    if (kv === undefined) throw new SimFailure('watch events name their key', this.#name);
    const key = toLatin1(kv.key);
    const version = type === EventType.PUT ? toVersion(kv) : null;
    const at = this.#world.scheduler.now;
    const watched = { key, modRevision: kv.modRevision, version, at };
    this.#world.history.seeEvent(watched);
    if (prevKv !== undefined) this.#world.history.seeVersion(key, toVersion(prevKv), at);
    return watched;
  }
}

function describe(events: readonly Event[], revision: number): string {
  if (events.length === 0) return `progress ${revision}`;
  return events
    .map(
      ({ kv, type }) =>
        `${type === EventType.PUT ? 'put' : 'delete'} ${toLatin1(kv?.key ?? new Uint8Array())}@${kv?.modRevision}`,
    )
    .join(', ');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function successor(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1);
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}
