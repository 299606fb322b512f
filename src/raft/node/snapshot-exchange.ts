import { assert } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import { formatId, type MemberId, noMember } from '../../base/ids.js';
import type { Logger } from '../../base/logger.js';
import { crc32 } from '../../host/crc32.js';
import type { Index, Message, SnapshotMeta, Term } from '../core/types.js';
import type { PeerMessage, PeerTransport, StateMachine } from './contracts.js';

/** A snapshot being received; survives restarts of this member. */
export interface SnapshotIntake {
  /** Bytes that are here already: the offset to ask for next. */
  readonly receivedBytes: number;
  /** Appends at `receivedBytes`. */
  append(bytes: Uint8Array): Promise<void>;
  /** Verifies all of it. True: it is complete, correct and durable. False: it was discarded and starts from zero. */
  finish(): Promise<boolean>;
  close(): Promise<void>;
}

/** Snapshot files of this member, as the exchange needs them. */
export interface SnapshotFiles {
  /** The newest complete snapshot. */
  newest(): SnapshotMeta | undefined;
  /** Writes a snapshot file, durably; older complete ones are removed. */
  save(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes of the file of the snapshot at (index, term), and its size; undefined when it is not here. */
  read(
    at: { readonly index: Index; readonly term: Term },
    offset: number,
    lengthMax: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly totalBytes: number } | undefined>;
  receive(at: { readonly index: Index; readonly term: Term }): Promise<SnapshotIntake>;
  /** The state machine's chunks of a complete snapshot. */
  chunks(at: { readonly index: Index; readonly term: Term }): AsyncIterable<Uint8Array>;
  /** The meta that a complete snapshot carries. */
  meta(at: { readonly index: Index; readonly term: Term }): Promise<SnapshotMeta | undefined>;
}

/** What a {@link SnapshotExchange} works with. */
export interface SnapshotExchangeOptions {
  readonly files: SnapshotFiles;
  readonly stateMachine: Pick<StateMachine<unknown>, 'openSnapshot' | 'appliedIndex'>;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bytes of one chunk. */
  readonly chunkBytes: number;
  /** Bytes per second at the most that this member sends, over all receivers. */
  readonly sendBytesPerSecond: number;
  /** A chunk that does not come is asked for again after this long. */
  readonly retryMs: number;
  /** Log entries behind an offered snapshot are kept this long for its receiver. */
  readonly retainMs: number;
}

/** What the exchange reports to the driver. */
export interface SnapshotListener {
  onFetched(message: Extract<Message, { kind: 'snapshot' }>): void;
  onSaved(meta: SnapshotMeta): void;
}

/** A fetch under way. */
interface Fetch {
  readonly message: Extract<Message, { kind: 'snapshot' }>;
  readonly intake: SnapshotIntake;
  askedAt: number;
  /** A chunk is being written: answers to the same question are ignored. */
  busy: boolean;
  failures: number;
}

const fetchAttemptsMax = 20;

/**
 * Moves snapshots between members. The leader's core only offers one (index, term, membership); the follower pulls the
 * file chunk by chunk, so that a transfer goes on where it stopped after a lost message, a restart or a reconnect, and
 * its pace is the slower side's. One question is in flight at a time.
 */
export class SnapshotExchange {
  readonly #options: SnapshotExchangeOptions;
  #listener: SnapshotListener | null = null;
  #saving = false;
  #fetch: Fetch | null = null;
  #opening = false;
  /** Until then, entries after the newest snapshot are kept for whoever takes it. */
  #retainUntil = 0;
  /** When the next chunk may be sent (throttle). */
  #sendAt = 0;
  #closed = false;

  constructor(options: SnapshotExchangeOptions) {
    this.#options = options;
  }

  /** Connects the exchange to its driver. */
  attach(listener: SnapshotListener): void {
    this.#listener = listener;
  }

  /** Entries from here on are needed by a receiver; Infinity when there is none. */
  keepFrom(): Index {
    const newest = this.#options.files.newest();
    if (newest === undefined || this.#options.clock.now() > this.#retainUntil) return Infinity;
    return newest.index + 1;
  }

  /** Nothing is being fetched: {@link onTick} would do nothing. */
  get isIdle(): boolean {
    return this.#fetch === null && !this.#opening;
  }

  /** Makes a snapshot of the present state, unless one is being made. */
  save(): void {
    if (this.#saving || this.#closed) return;
    this.#saving = true;
    this.#save().then(
      (meta) => {
        this.#saving = false;
        this.#retain();
        this.#listener?.onSaved(meta);
      },
      (error: unknown) => {
        // A full disk must not end the leader: the follower waits until there is room. Nobody asks again.
        this.#saving = false;
        const { clock, logger, retryMs } = this.#options;
        logger.error('snapshot could not be written', { error: String(error) });
        clock.setTimer(retryMs, () => this.save());
      },
    );
  }

  /** The leader offers a snapshot. Fetches it, unless it is old news. */
  onOffer(message: Extract<Message, { kind: 'snapshot' }>, commit: Index): void {
    const { index, term } = message.snapshot;
    if (this.#closed || this.#opening) return;
    if (index <= commit) {
      this.#listener?.onFetched(message);
      return;
    }
    const current = this.#fetch?.message;
    if (current !== undefined) {
      const isSame = current.snapshot.index === index && current.snapshot.term === term;
      if (isSame && current.from === message.from && current.term === message.term) return;
      if (index < current.snapshot.index) return;
    }
    this.#startFetch(message);
  }

  onMessage(
    from: MemberId,
    message: Extract<PeerMessage, { kind: 'snapshot-fetch' | 'snapshot-chunk' }>,
  ): void {
    if (this.#closed) return;
    if (message.kind === 'snapshot-fetch') this.#serve(from, message).catch(this.#onReadError);
    else this.#onChunk(from, message);
  }

  /** Asks again for a chunk that did not come. */
  onTick(now: number): void {
    const fetch = this.#fetch;
    if (fetch === null || fetch.busy || now - fetch.askedAt < this.#options.retryMs) return;
    fetch.failures++;
    if (fetch.failures > fetchAttemptsMax) this.#endFetch();
    else this.#ask(fetch);
  }

  /** The state machine's chunks of a fetched snapshot. */
  chunks(meta: SnapshotMeta): AsyncIterable<Uint8Array> {
    return this.#options.files.chunks(meta);
  }

  close(): void {
    this.#closed = true;
    this.#endFetch();
  }

  async #save(): Promise<SnapshotMeta> {
    const { files, stateMachine, logger } = this.#options;
    const image = await stateMachine.openSnapshot();
    try {
      await files.save(image.meta, image.chunks);
    } finally {
      await image.close();
    }
    logger.info('snapshot saved', { index: image.meta.index, term: image.meta.term });
    return image.meta;
  }

  #retain(): void {
    this.#retainUntil = this.#options.clock.now() + this.#options.retainMs;
  }

  #startFetch(message: Extract<Message, { kind: 'snapshot' }>): void {
    this.#endFetch();
    this.#opening = true;
    this.#options.files.receive(message.snapshot).then(
      (intake) => {
        this.#opening = false;
        this.#fetch = { message, intake, askedAt: 0, busy: false, failures: 0 };
        this.#options.logger.info('fetching snapshot', {
          from: formatId(message.from),
          index: message.snapshot.index,
          offset: intake.receivedBytes,
        });
        if (this.#closed) this.#endFetch();
        else this.#ask(this.#fetch);
      },
      (error: unknown) => {
        this.#opening = false;
        this.#options.logger.error('snapshot cannot be received', { error: String(error) });
      },
    );
  }

  #ask(fetch: Fetch): void {
    const { index, term } = fetch.message.snapshot;
    fetch.askedAt = this.#options.clock.now();
    const offset = fetch.intake.receivedBytes;
    this.#options.transport.send(fetch.message.from, {
      kind: 'snapshot-fetch',
      index,
      term,
      offset,
    });
  }

  #onChunk(from: MemberId, chunk: Extract<PeerMessage, { kind: 'snapshot-chunk' }>): void {
    const fetch = this.#fetch;
    if (fetch === null || fetch.busy || from !== fetch.message.from) return;
    const { index, term } = fetch.message.snapshot;
    if (chunk.index !== index || chunk.term !== term) return;
    if (chunk.totalBytes === 0) {
      this.#endFetch(); // It is gone; the leader will offer a newer one.
      return;
    }
    if (chunk.offset !== fetch.intake.receivedBytes) return;
    // Without bytes at the end: what is here came from another member, whose file of this snapshot is longer. It is verified as it is.
    if (chunk.bytes.length === 0 && chunk.offset < chunk.totalBytes) return;
    if (crc32(chunk.bytes) !== chunk.crc) return; // Asked for again by the timer.
    fetch.busy = true;
    fetch.failures = 0;
    this.#take(fetch, chunk).then(
      () => {
        fetch.busy = false;
        if (this.#fetch === fetch) this.#ask(fetch);
      },
      (error: unknown) => {
        this.#options.logger.error('snapshot cannot be received', { error: String(error) });
        if (this.#fetch === fetch) this.#endFetch();
      },
    );
  }

  async #take(
    fetch: Fetch,
    chunk: Extract<PeerMessage, { kind: 'snapshot-chunk' }>,
  ): Promise<void> {
    if (chunk.bytes.length > 0) await fetch.intake.append(chunk.bytes);
    if (fetch.intake.receivedBytes < chunk.totalBytes) return;
    const isComplete = await fetch.intake.finish();
    if (!isComplete) {
      this.#options.logger.warn('snapshot failed its checksum; fetching it again', {
        index: chunk.index,
      });
      return;
    }
    if (this.#fetch !== fetch || this.#closed) return;
    this.#fetch = null;
    this.#listener?.onFetched(fetch.message);
  }

  #endFetch(): void {
    const fetch = this.#fetch;
    this.#fetch = null;
    fetch?.intake.close().catch(this.#onReadError);
  }

  async #serve(
    to: MemberId,
    request: Extract<PeerMessage, { kind: 'snapshot-fetch' }>,
  ): Promise<void> {
    const { files, chunkBytes, transport } = this.#options;
    assert(to !== noMember);
    if (request.index === 0 && (files.newest()?.index ?? 0) < request.offset) {
      // Who asks will ask again.
      if (this.#options.stateMachine.appliedIndex >= request.offset) this.save();
      return;
    }
    const at = request.index === 0 ? files.newest() : request;
    const offset = request.index === 0 ? 0 : request.offset;
    const part = at === undefined ? undefined : await files.read(at, offset, chunkBytes);
    const index = at?.index ?? request.index;
    const term = at?.term ?? request.term;
    const bytes = part?.bytes ?? new Uint8Array(0);
    if (part !== undefined) this.#retain();
    await this.#throttle(bytes.length);
    if (this.#closed) return;
    transport.send(to, {
      kind: 'snapshot-chunk',
      index,
      term,
      offset,
      totalBytes: part?.totalBytes ?? 0,
      crc: crc32(bytes),
      bytes,
    });
  }

  /** Waits until `bytes` more may be sent. */
  #throttle(bytes: number): Promise<void> {
    const { clock, sendBytesPerSecond } = this.#options;
    const now = clock.now();
    const at = Math.max(this.#sendAt, now);
    this.#sendAt = at + (bytes / sendBytesPerSecond) * 1000;
    if (at <= now) return Promise.resolve();
    return new Promise((resolve) => clock.setTimer(at - now, resolve));
  }

  readonly #onReadError = (error: unknown): void => {
    this.#options.logger.error('snapshot file failed', { error: String(error) });
  };
}
