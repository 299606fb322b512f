import {
  type Compare,
  type DeleteRangeResponse,
  type PutResponse,
  type RangeResponse,
  RequestOp,
  type ResponseOp,
  TxnRequest,
} from '../wire/index.js';
import type { BytesLike, KeyTarget } from './bytes.js';
import { ClientError } from './errors.js';
import { deleteRequest, type PutOptions, putRequest } from './kv-requests.js';
import { type RangeOptions, rangeRequest } from './range.js';

/** One operation of a transaction, and how its result is read. */
export interface Operation<Result> {
  readonly request: RequestOp;
  /** Reads the operation's result; throws `protocol` when the server answered another kind of operation. */
  readonly resultOf: (response: ResponseOp) => Result;
}

/** The results of a list of operations, in order. */
export type ResultsOf<Operations extends readonly Operation<unknown>[]> = {
  -readonly [K in keyof Operations]: Operations[K] extends Operation<infer Result> ? Result : never;
};

/** How a transaction ended: which branch was taken and the results of its operations. */
export type TxnOutcome<
  Then extends readonly Operation<unknown>[],
  Else extends readonly Operation<unknown>[],
> =
  | { readonly succeeded: true; readonly results: ResultsOf<Then> }
  | { readonly succeeded: false; readonly results: ResultsOf<Else> };

/** What a transaction does: guards, and the operations for either case. */
export interface TxnPlan<
  Then extends readonly Operation<unknown>[],
  Else extends readonly Operation<unknown>[],
> {
  readonly compares: readonly Compare[];
  /** Done when the guards hold. */
  readonly success: Then;
  /** Done when one does not. */
  readonly failure: Else;
}

/** Reads keys within a transaction; sees the writes before it. */
export function range(target: KeyTarget, options?: RangeOptions): Operation<RangeResponse> {
  return {
    request: RequestOp.create({ requestRange: rangeRequest(target, options) }),
    resultOf: (response) => expect(response.responseRange, 'a range'),
  };
}

/** Writes a key within a transaction. */
export function put(
  key: BytesLike,
  value: BytesLike,
  options: PutOptions = {},
): Operation<PutResponse> {
  return {
    request: RequestOp.create({ requestPut: putRequest(key, value, options) }),
    resultOf: (response) => expect(response.responsePut, 'a put'),
  };
}

/** Deletes keys within a transaction. */
export function remove(
  target: KeyTarget,
  options: { readonly prevKv?: boolean } = {},
): Operation<DeleteRangeResponse> {
  return {
    request: RequestOp.create({ requestDeleteRange: deleteRequest(target, options) }),
    resultOf: (response) => expect(response.responseDeleteRange, 'a deletion'),
  };
}

/** A transaction within a transaction; its guards see the state before the outermost one. */
export function nested<
  const Then extends readonly Operation<unknown>[],
  const Else extends readonly Operation<unknown>[],
>(plan: TxnPlan<Then, Else>): Operation<TxnOutcome<Then, Else>> {
  return {
    request: RequestOp.create({ requestTxn: txnRequest(plan) }),
    resultOf: (response) => txnOutcome(plan, expect(response.responseTxn, 'a transaction')),
  };
}

/** The wire's request for a transaction. */
export function txnRequest(
  plan: TxnPlan<readonly Operation<unknown>[], readonly Operation<unknown>[]>,
): TxnRequest {
  return TxnRequest.create({
    compare: plan.compares,
    success: plan.success.map((operation) => operation.request),
    failure: plan.failure.map((operation) => operation.request),
  });
}

/** Reads the response to a transaction by its plan. */
export function txnOutcome<
  Then extends readonly Operation<unknown>[],
  Else extends readonly Operation<unknown>[],
>(
  plan: TxnPlan<Then, Else>,
  response: { readonly succeeded: boolean; readonly responses: readonly ResponseOp[] },
): TxnOutcome<Then, Else> {
  const operations = response.succeeded ? plan.success : plan.failure;
  if (operations.length !== response.responses.length) {
    const counts = `${response.responses.length} results for ${operations.length} operations`;
    throw new ClientError('protocol', `the transaction was answered with ${counts}`);
  }
  const results = operations.map((operation, i) =>
    operation.resultOf(response.responses[i] as ResponseOp),
  );
  // The list has one result per operation of the branch taken: what TxnOutcome says.
  return { succeeded: response.succeeded, results } as unknown as TxnOutcome<Then, Else>;
}

function expect<T>(result: T | undefined, what: string): T {
  if (result === undefined) {
    throw new ClientError('protocol', `${what} of a transaction was answered as something else`);
  }
  return result;
}
