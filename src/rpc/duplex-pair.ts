import { Duplex } from 'node:stream';

/** A connection within the process: what is written to one end is read from the other, from where it lies. */
export function duplexPair(): readonly [Duplex, Duplex] {
  const one = new DuplexEnd();
  const other = new DuplexEnd();
  one.joinTo(other);
  other.joinTo(one);
  return [one, other];
}

class DuplexEnd extends Duplex {
  #other: DuplexEnd | null = null;
  /** Tells the other end's writer that there is room; set while there is none. */
  #onRoom: (() => void) | null = null;

  constructor() {
    super({ allowHalfOpen: false });
  }

  joinTo(other: DuplexEnd): void {
    this.#other = other;
  }

  override _read(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = null;
    onRoom?.();
  }

  override _write(chunk: Buffer, _encoding: string, onTaken: (error?: Error) => void): void {
    this.#other?.takeIn(chunk, onTaken);
  }

  override _final(onTaken: () => void): void {
    this.#other?.push(null);
    onTaken();
  }

  /** The other end goes with this one, as the two of a socket do. */
  override _destroy(error: Error | null, onDone: (error: Error | null) => void): void {
    const other = this.#other;
    this.#other = null;
    if (other !== null) process.nextTick(() => other.destroy());
    onDone(error);
  }

  takeIn(chunk: Buffer, onTaken: () => void): void {
    if (this.destroyed) onTaken();
    else if (this.push(chunk)) onTaken();
    else this.#onRoom = onTaken;
  }
}
