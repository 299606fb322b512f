import { sleep } from '../../base/clock.js';
import { Prng } from '../../base/prng.js';
import { hostClock } from '../../host/clock.js';
import type { Channel } from '../../rpc/index.js';
import { Maintenance } from '../../wire/index.js';
import { openChannel } from './channels.js';
import type { Load } from './load.js';
import { setUpLoad } from './loads/set-up.js';
import { Meter, type MeterSnapshot } from './meter.js';
import { ClosedLoop, OpenLoop, type Pacer } from './pacing.js';
import { type LoadSpec, setUpMsMax } from './spec.js';

/** Milliseconds between snapshots. */
export const intervalMs = 1000;

/** Calls that have a deadline of their own get this long to notice it. */
const graceMs = 1000;

/** How a process' part of a load went, besides its snapshots. Plain data. */
export interface LocalResult {
  /** Length of the measurement. */
  readonly elapsedMs: number;
  /** Processor time of this process in it, user and system. */
  readonly cpuMs: number;
  /** Open loop: calls that were due and had found no client when it ended. */
  readonly backlog: number;
}

/** One process' part of a load: set up, then run once. */
export class LocalRun {
  readonly #spec: LoadSpec;
  readonly #channels: readonly Channel[];
  readonly #load: Load;
  readonly #meter: Meter;
  readonly #pacer: Pacer;

  private constructor(spec: LoadSpec, channels: readonly Channel[], load: Load) {
    this.#spec = spec;
    this.#channels = channels;
    this.#load = load;
    this.#meter = new Meter(load.series, { isFixedTotal: spec.total !== null });
    this.#pacer =
      spec.ratePerSecond === null
        ? new ClosedLoop(load.clients, this.#meter)
        : new OpenLoop(load.clients, this.#meter, spec.ratePerSecond);
  }

  /** Connects, and sets the load up. Rejects with CallError when a member cannot be reached. */
  static async setUp(spec: LoadSpec): Promise<LocalRun> {
    const channels = Array.from({ length: spec.connections }, (_, index) =>
      openChannel(spec.endpoints[(spec.keyOffset + index) % spec.endpoints.length] as string, spec),
    );
    try {
      await Promise.all(channels.map((channel) => connect(channel)));
      const load = await setUpLoad({ spec, channels, prng: new Prng(spec.seed) });
      return new LocalRun(spec, channels, load);
    } catch (error) {
      await Promise.all(channels.map((channel) => channel.close()));
      throw error;
    }
  }

  /** Runs the load to its end, or until the signal aborts; what was measured until then counts. */
  async run(options: {
    readonly onSnapshot: (snapshot: MeterSnapshot) => void;
    readonly signal: AbortSignal;
  }): Promise<LocalResult> {
    const { onSnapshot, signal } = options;
    const { total, durationMs, warmUpMs } = this.#spec;
    const pacer = this.#pacer;
    const meter = this.#meter;
    if (warmUpMs > 0) {
      pacer.start();
      await elapsed(warmUpMs, signal);
    }
    const beginMs = performance.now();
    const cpu = process.cpuUsage();
    meter.begin(beginMs);
    this.#load.onBegin?.(meter);
    if (total !== null) pacer.limit(total);
    if (warmUpMs === 0) pacer.start();
    const stop = new AbortController();
    const timer = setInterval(() => {
      onSnapshot(meter.snapshot(performance.now()));
      if (total !== null && meter.isStalled(this.#spec.timeoutMs)) stop.abort();
    }, intervalMs);
    const ending = AbortSignal.any([signal, stop.signal]);
    if (durationMs !== null) await elapsed(durationMs, ending);
    else await settledOr(pacer.whenQuiet(), ending);
    const endMs = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    meter.end(endMs);
    const { backlog } = pacer;
    pacer.stop();
    clearInterval(timer);
    await settledOr(pacer.whenQuiet(), AbortSignal.timeout(this.#spec.timeoutMs + graceMs));
    meter.onUnanswered(pacer.busy);
    if (this.#load.drain !== undefined) {
      meter.onMissing(await this.#load.drain(this.#spec.timeoutMs));
    }
    onSnapshot(meter.snapshot(endMs));
    return {
      elapsedMs: endMs - beginMs,
      cpuMs: (user + system) / 1000,
      backlog,
    };
  }

  async close(): Promise<void> {
    await this.#load.close();
    await Promise.all(this.#channels.map((channel) => channel.close()));
  }
}

/** Makes a connection's first call, which connects it. */
async function connect(channel: Channel): Promise<void> {
  await channel.unary(Maintenance.methods.Status, {}, { timeoutMs: setUpMsMax });
}

/** Resolves after a time, or when the signal aborts. */
function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(hostClock, ms, signal).catch(() => {});
}

/** Resolves with the promise, or when the signal aborts. */
function settledOr(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    promise.then(resolve, reject);
  });
}
