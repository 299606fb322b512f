import { Compare, CompareResult, CompareTarget } from '../wire/index.js';
import { type BytesLike, type KeyTarget, keyRange, toBytes } from './bytes.js';

/** How a key's property is compared with the operand: property, relation, operand. */
export type Relation = '=' | '!=' | '<' | '>';

const results: Readonly<Record<Relation, CompareResult>> = {
  '=': CompareResult.EQUAL,
  '!=': CompareResult.NOT_EQUAL,
  '<': CompareResult.LESS,
  '>': CompareResult.GREATER,
};

/** Guards of a transaction on the keys of one target: over a range, every key must satisfy them. */
export interface Comparable {
  value(relation: Relation, operand: BytesLike): Compare;
  /** 0 is the version of a key that does not exist. */
  version(relation: Relation, operand: number): Compare;
  /** 0 is the creation revision of a key that does not exist. */
  createRevision(relation: Relation, operand: number): Compare;
  modRevision(relation: Relation, operand: number): Compare;
  lease(relation: Relation, operand: bigint): Compare;
  exists(): Compare;
  isAbsent(): Compare;
}

/** Starts a guard: `compare('key').version('=', 3)`. */
export function compare(target: KeyTarget): Comparable {
  const range = keyRange(target);
  const guard = (relation: Relation, fields: Partial<Compare>) =>
    Compare.create({ ...range, result: results[relation], ...fields });
  const createRevision = (relation: Relation, operand: number) =>
    guard(relation, { target: CompareTarget.CREATE, createRevision: operand });
  return {
    value: (relation, operand) =>
      guard(relation, { target: CompareTarget.VALUE, value: toBytes(operand) }),
    version: (relation, operand) =>
      guard(relation, { target: CompareTarget.VERSION, version: operand }),
    createRevision,
    modRevision: (relation, operand) =>
      guard(relation, { target: CompareTarget.MOD, modRevision: operand }),
    lease: (relation, operand) => guard(relation, { target: CompareTarget.LEASE, lease: operand }),
    exists: () => createRevision('>', 0),
    isAbsent: () => createRevision('=', 0),
  };
}
