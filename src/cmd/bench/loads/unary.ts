import type { Channel } from '../../../rpc/index.js';
import type { LoadClient, LoadContext } from '../load.js';
import type { RawMethod } from '../raw-method.js';

/** A client whose calls are all of one unary method. */
export class UnaryClient implements LoadClient {
  readonly series: number = 0;
  readonly weight: number = 1;
  readonly #channel: Channel;
  readonly #method: RawMethod;
  /** The next request. It is not changed before the call has ended. */
  readonly #next: () => Uint8Array;

  constructor(channel: Channel, method: RawMethod, next: () => Uint8Array) {
    this.#channel = channel;
    this.#method = method;
    this.#next = next;
  }

  call(onDone: (error: Error | null) => void): void {
    this.#channel.unary(this.#method, this.#next()).then(() => onDone(null), onDone);
  }
}

/** Makes the clients of a load, each with a channel, in turns. */
export function clientsOf<T>(
  { spec, channels }: LoadContext,
  make: (channel: Channel, index: number) => T,
): T[] {
  return Array.from({ length: spec.clients }, (_, index) =>
    make(channels[index % channels.length] as Channel, index),
  );
}
