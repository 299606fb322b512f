import { assert } from '../base/assert.js';
import { type Compare, KV, type ResponseHeader, type TxnResponse } from '../wire/index.js';
import type { Caller, WriteOptions } from './caller.js';
import { type Operation, type TxnOutcome, txnOutcome, txnRequest } from './operation.js';

/** The outcome of a committed transaction; `header.revision` is the store's after it. */
export type TxnResult<
  Then extends readonly Operation<unknown>[],
  Else extends readonly Operation<unknown>[],
> = {
  readonly header: ResponseHeader;
  /** The answer as it came, for who prints or forwards it. */
  readonly response: TxnResponse;
} & TxnOutcome<Then, Else>;

/**
 * Builds a transaction. Immutable: every step returns a new builder. Without guards the `then` branch is taken.
 *
 * ```ts
 * const result = await client.kv.txn()
 *   .if(compare('seat').isAbsent())
 *   .then(put('seat', 'mine'))
 *   .else(range('seat'))
 *   .commit();
 * if (!result.succeeded) console.log(result.results[0].kvs);
 * ```
 */
export class TxnBuilder<
  const Then extends readonly Operation<unknown>[] = readonly [],
  const Else extends readonly Operation<unknown>[] = readonly [],
> {
  readonly #caller: Caller;
  readonly #compares: readonly Compare[];
  readonly #then: Then;
  readonly #else: Else;

  constructor(
    caller: Caller,
    compares: readonly Compare[] = [],
    thenOperations: Then = [] as unknown as Then,
    elseOperations: Else = [] as unknown as Else,
  ) {
    this.#caller = caller;
    this.#compares = compares;
    this.#then = thenOperations;
    this.#else = elseOperations;
  }

  /** Adds guards; all must hold for the `then` branch. */
  if(...compares: readonly Compare[]): TxnBuilder<Then, Else> {
    return new TxnBuilder(this.#caller, [...this.#compares, ...compares], this.#then, this.#else);
  }

  /** Sets what is done when the guards hold. */
  // biome-ignore lint/suspicious/noThenProperty: the field's own word; no promise is resolved with a builder.
  then<const Operations extends readonly Operation<unknown>[]>(
    ...operations: Operations
  ): TxnBuilder<Operations, Else> {
    assert(
      typeof operations[0] !== 'function',
      'a transaction is not a promise: await its commit()',
    );
    return new TxnBuilder(this.#caller, this.#compares, operations, this.#else);
  }

  /** Sets what is done when a guard does not hold. */
  else<const Operations extends readonly Operation<unknown>[]>(
    ...operations: Operations
  ): TxnBuilder<Then, Operations> {
    return new TxnBuilder(this.#caller, this.#compares, this.#then, operations);
  }

  /**
   * Runs the transaction. A guard on the current state does not make repeating safe by itself: pass `isRepeatable` only
   * when a second application, after an unknown first, leads to the same state.
   */
  async commit(options: WriteOptions = {}): Promise<TxnResult<Then, Else>> {
    const plan = { compares: this.#compares, success: this.#then, failure: this.#else };
    const response = await this.#caller.write(KV.methods.Txn, txnRequest(plan), options);
    return { header: response.header, response, ...txnOutcome<Then, Else>(plan, response) };
  }
}
