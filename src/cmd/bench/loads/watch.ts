import type { Channel, ClientStream } from '../../../rpc/index.js';
import { KV, Watch, WatchRequest } from '../../../wire/index.js';
import { type KeyChooser, keyOf } from '../keys.js';
import type { Load, LoadClient, LoadContext } from '../load.js';
import type { Meter } from '../meter.js';
import { rawMethod } from '../raw-method.js';
import { putTemplate, type RequestTemplate } from '../requests.js';
import { type LoadSpec, partOf } from '../spec.js';
import { readWatchResponse } from '../watch-events.js';
import { keyChooserOf } from './put.js';
import { PutStamp, stampBytes } from './put-stamp.js';
import { clientsOf } from './unary.js';

const putMethod = rawMethod(KV.methods.Put);
const watchMethod = rawMethod(Watch.methods.Watch);
const putSeries = 0;
const deliverySeries = 1;
/** How long watchers may take to be created. */
const createMsMax = 30_000;

/**
 * Watchers on keys that are put. Measures the puts, and the deliveries of their events: how many, and how long after the put
 * was to start.
 */
export async function watchLoad(context: LoadContext): Promise<Load> {
  const { spec, prng } = context;
  const keys = keyChooserOf(context);
  const deliveries = new Deliveries(spec, new PutStamp(prng.uint32()));
  const streams = await openStreams(context, deliveries);
  const clients = clientsOf(
    context,
    (channel) =>
      new StampingClient({ channel, keys, deliveries, template: putTemplate(spec, prng) }),
  );
  return {
    series: ['put', 'delivery'],
    clients,
    onBegin: (meter) => deliveries.onBegin(meter),
    drain: (timeoutMs) => deliveries.drain(timeoutMs),
    close: async () => {
      for (const stream of streams) stream.cancel();
    },
  };
}

/** One stream on each connection, with its part of the watchers. Resolves when all are created. */
async function openStreams(
  { spec, channels }: LoadContext,
  deliveries: Deliveries,
): Promise<readonly ClientStream<Uint8Array, Uint8Array>[]> {
  let watcher = 0;
  const opened = channels.map((channel, index) => {
    const stream = channel.stream(watchMethod);
    const count = partOf(spec.watchers, channels.length, index);
    for (let i = 0; i < count; i++, watcher++) {
      const key = keyOf(watcher % spec.keySpace, spec.keySizeBytes);
      stream.send(WatchRequest.encode({ createRequest: { key } }));
    }
    return { stream, created: readStream(stream, count, deliveries) };
  });
  const timeout = new Promise<never>((_, reject) => {
    const text = `the watchers were not created within ${createMsMax / 1000} s`;
    setTimeout(() => reject(new Error(text)), createMsMax).unref();
  });
  await Promise.race([Promise.all(opened.map(({ created }) => created)), timeout]);
  return opened.map(({ stream }) => stream);
}

/** Reads a stream to its end. Resolves when so many watchers are created. */
function readStream(
  stream: ClientStream<Uint8Array, Uint8Array>,
  watchers: number,
  deliveries: Deliveries,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let missing = watchers;
    if (missing === 0) resolve();
    const news = {
      onEvent: deliveries.onEvent,
      onCreated: () => {
        missing--;
        if (missing === 0) resolve();
      },
      onCanceled: () => deliveries.onLost(new WatchLostError('the server has ended a watcher')),
    };
    const read = async () => {
      for await (const bytes of stream.responses) {
        deliveries.nowMs = performance.now();
        readWatchResponse(bytes, news);
      }
    };
    read().catch((error: Error) => {
      reject(error); // Without effect once the watchers are created.
      deliveries.onLost(error);
    });
  });
}

class WatchLostError extends Error {
  override readonly name = 'WATCH_LOST';
}

/** Counts the events that arrive, and knows how many are to come. */
class Deliveries {
  readonly stamp: PutStamp;
  /** When the response that is being read arrived. */
  nowMs = 0;
  readonly #spec: LoadSpec;
  #meter: Meter | null = null;
  /** Events of this process' own puts: what its watchers are to get, and have got. */
  #expected = 0;
  #delivered = 0;
  #onAll: (() => void) | null = null;
  #isOver = false;

  constructor(spec: LoadSpec, stamp: PutStamp) {
    this.#spec = spec;
    this.stamp = stamp;
  }

  onBegin(meter: Meter): void {
    this.#meter = meter;
  }

  /** A put of that key has succeeded. */
  expect(keyNumber: number): void {
    this.#expected += partOf(this.#spec.watchers, this.#spec.keySpace, keyNumber);
  }

  readonly onEvent = (bytes: Uint8Array, start: number, end: number): void => {
    if (end - start < stampBytes) return;
    if (this.stamp.isOwn(bytes, start)) this.#delivered++;
    this.#meter?.onSuccess(deliverySeries, 1, this.stamp.readMs(bytes, start), this.nowMs);
    if (this.#onAll !== null && this.#delivered >= this.#expected) this.#onAll();
  };

  onLost(error: Error): void {
    if (!this.#isOver) this.#meter?.onFailure(error, this.nowMs, this.nowMs);
  }

  async drain(timeoutMs: number): Promise<number> {
    if (this.#delivered < this.#expected) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onAll = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isOver = true;
    return Math.max(0, this.#expected - this.#delivered);
  }
}

/** Puts values that say when they were to be put. */
class StampingClient implements LoadClient {
  readonly series = putSeries;
  readonly weight = 1;
  readonly #channel: Channel;
  readonly #keys: KeyChooser;
  readonly #deliveries: Deliveries;
  readonly #template: RequestTemplate;

  constructor(options: {
    readonly channel: Channel;
    readonly keys: KeyChooser;
    readonly deliveries: Deliveries;
    readonly template: RequestTemplate;
  }) {
    this.#channel = options.channel;
    this.#keys = options.keys;
    this.#deliveries = options.deliveries;
    this.#template = options.template;
  }

  call(onDone: (error: Error | null) => void, startMs: number): void {
    const { bytes } = this.#template;
    const keyNumber = this.#keys.next();
    this.#template.setKey(0, keyNumber);
    // The value is the message's last field.
    this.#deliveries.stamp.write(bytes, this.#template.valueStart, startMs);
    this.#channel.unary(putMethod, bytes).then(() => {
      this.#deliveries.expect(keyNumber);
      onDone(null);
    }, onDone);
  }
}
