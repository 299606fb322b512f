import { assert } from '../../base/assert.js';
import { emptyBytes } from '../../base/bytes.js';
import { parseConfChange, type RaftCore } from '../core/index.js';
import type { Entry, Index, SnapshotMeta, Term } from '../core/types.js';
import type { AppliedEntry, StateMachine } from './contracts.js';
import { EnvelopeReader, payloadOf } from './envelope.js';
import { LogRetention, type LogRetentionOptions } from './log-retention.js';

/** What an {@link ApplyLoop} works with. */
export interface ApplyLoopOptions<Result> {
  readonly core: RaftCore;
  readonly stateMachine: StateMachine<Result>;
  /** Envelopes of this session are this incarnation's own proposals. */
  readonly session: bigint;
  /** An own proposal has been applied with this result. */
  readonly onResult: (proposal: number, result: Result) => void;
  /** The first entry of a newer term has been applied, after everything of earlier terms. */
  readonly onTerm: (term: Term) => void;
  /** Applied up to `index`. */
  readonly onApplied: (index: Index) => void;
  readonly onFatal: (error: unknown) => void;
  readonly retention: Omit<LogRetentionOptions, 'core' | 'stateMachine' | 'onFatal'>;
}

/** An entry to apply, and the number of the proposal it was in its session. */
interface LoopEntry extends AppliedEntry {
  readonly proposal: number;
}

/** Entries applied in one go, at the most; then the event loop gets its turn. */
const batchEntriesMax = 4096;

/**
 * Feeds committed entries to the state machine, in order, one batch at a time. Nothing else touches the state machine's
 * state, so a snapshot is installed between two batches.
 */
export class ApplyLoop<Result> {
  readonly #options: ApplyLoopOptions<Result>;
  readonly #core: RaftCore;
  readonly #stateMachine: StateMachine<Result>;
  readonly #retention: LogRetention;
  readonly #envelopes: EnvelopeReader;
  /** Committed and not applied, in order. */
  #queue: Entry[] = [];
  /** A batch waits for `prepare`, or a snapshot is being installed. */
  #busy = false;
  #stopped = false;
  #appliedTerm: Term;
  /** Wait for `#busy` to end. */
  #waiting: (() => void)[] = [];

  constructor(options: ApplyLoopOptions<Result>) {
    this.#options = options;
    this.#core = options.core;
    this.#stateMachine = options.stateMachine;
    this.#appliedTerm = options.stateMachine.appliedTerm;
    this.#envelopes = new EnvelopeReader(options.session);
    this.#retention = new LogRetention({
      ...options.retention,
      core: options.core,
      stateMachine: options.stateMachine,
      onFatal: options.onFatal,
    });
  }

  get applied(): Index {
    return this.#stateMachine.appliedIndex;
  }

  /** Takes more committed entries; {@link run} applies them. */
  push(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#queue = this.#queue.length === 0 ? entries.slice() : this.#queue.concat(entries);
  }

  /** Applies what is queued, until it has to wait. */
  run(): void {
    while (!this.#busy && !this.#stopped && this.#queue.length > 0) {
      const batch = this.#toApply(this.#queue.splice(0, batchEntriesMax));
      const prepared = this.#stateMachine.prepare(batch);
      if (prepared === undefined) {
        this.#apply(batch);
        continue;
      }
      this.#busy = true;
      prepared.then(
        () => this.#resume(() => this.#apply(batch)),
        (error: unknown) => this.#options.onFatal(error),
      );
    }
  }

  /** Replaces the state by a snapshot once the batch under way is done. What was queued before it is covered by it. */
  async restore(meta: SnapshotMeta, chunks: () => AsyncIterable<Uint8Array>): Promise<void> {
    while (this.#busy) await this.#idle();
    if (this.#stopped) return;
    this.#busy = true;
    this.#queue = this.#queue.filter((entry) => entry.index > meta.index);
    await this.#stateMachine.restoreSnapshot(meta, chunks());
    this.#resume(() => {
      assert(this.#stateMachine.appliedIndex === meta.index, 'the restored state has its index');
      this.#appliedTerm = meta.term;
      this.#core.onApplied(meta.index);
      this.#options.onApplied(meta.index);
    });
  }

  /** Stops after the batch under way, then makes what is applied durable. */
  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#busy) await this.#idle();
    await this.#stateMachine.sync();
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #resume(step: () => void): void {
    this.#busy = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      if (!this.#stopped) step();
    } catch (error) {
      this.#options.onFatal(error);
    }
    for (const wake of waiting) wake();
  }

  #toApply(entries: readonly Entry[]): LoopEntry[] {
    return entries.map((entry) => {
      if (entry.kind === 'config') return this.#toApplyConfig(entry);
      const { index, term, data } = entry;
      const proposal = this.#envelopes.numberIn(data);
      return { index, term, data: payloadOf(data), conf: null, local: proposal !== 0, proposal };
    });
  }

  #toApplyConfig(entry: Entry): LoopEntry {
    const conf = this.#core.applyConfChange(entry);
    const context = parseConfChange(entry.data)?.context ?? emptyBytes;
    const proposal = this.#envelopes.numberIn(context);
    const { index, term } = entry;
    return { index, term, data: payloadOf(context), conf, local: proposal !== 0, proposal };
  }

  #apply(batch: readonly LoopEntry[]): void {
    const last = batch[batch.length - 1];
    assert(last !== undefined);
    const results = this.#stateMachine.apply(batch);
    assert(results.length === batch.length, 'one result per entry');
    assert(this.#stateMachine.appliedIndex === last.index, 'the whole batch is applied');
    this.#core.onApplied(last.index);
    for (let i = 0; i < batch.length; i++) {
      const entry = batch[i];
      assert(entry !== undefined);
      this.#settle(entry, results[i]);
    }
    this.#options.onApplied(last.index);
    this.#retention.onApplied(batch);
  }

  #settle(entry: LoopEntry, result: Result | undefined): void {
    if (entry.term > this.#appliedTerm) {
      this.#appliedTerm = entry.term;
      this.#options.onTerm(entry.term);
    }
    if (entry.local && result !== undefined) this.#options.onResult(entry.proposal, result);
  }
}
