import type { Readable } from 'node:stream';

/** Reads the messages of a grpc-js stream one by one, on demand. At most one `next` is pending. */
export class PullReader {
  readonly #source: Readable;
  /** No more messages will come; what is buffered is still handed out. */
  #isEnded = false;
  /** Nothing is handed out any more. */
  #isClosed = false;
  #waiter: (() => void) | undefined;

  /**
   * grpc-js reports a cancelled call as ended first and as cancelled later in the same turn; `defer` runs a callback at
   * the turn's end, so that whoever calls {@link close} on cancellation comes first.
   */
  constructor(source: Readable, defer: (callback: () => void) => void) {
    this.#source = source;
    source.on('readable', () => this.#wake());
    source.on('end', () => {
      defer(() => {
        this.#isEnded = true;
        this.#wake();
      });
    });
  }

  /** The next message; undefined at the end and after {@link close}. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.#isClosed) return undefined;
      const message: Buffer | null = this.#source.read();
      if (message !== null) return message;
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
    }
  }

  /** Ends the reading from outside. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.();
  }
}
