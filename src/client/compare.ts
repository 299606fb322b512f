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
  const { key, rangeEnd } = keyRange(target);
  const { VALUE, VERSION, CREATE, MOD, LEASE } = CompareTarget;
  const createRevision = (relation: Relation, createRevision: number) =>
    Compare.create({ key, rangeEnd, result: results[relation], target: CREATE, createRevision });
  return {
    value: (relation, operand) => {
      const value = toBytes(operand);
      return Compare.create({ key, rangeEnd, result: results[relation], target: VALUE, value });
    },
    version: (relation, version) =>
      Compare.create({ key, rangeEnd, result: results[relation], target: VERSION, version }),
    createRevision,
    modRevision: (relation, modRevision) =>
      Compare.create({ key, rangeEnd, result: results[relation], target: MOD, modRevision }),
    lease: (relation, lease) =>
      Compare.create({ key, rangeEnd, result: results[relation], target: LEASE, lease }),
    exists: () => createRevision('>', 0),
    isAbsent: () => createRevision('=', 0),
  };
}
