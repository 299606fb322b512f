import type { Prng } from '../../src/base/prng.js';
import {
  type Compare,
  Compare as CompareCodec,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  type RequestOp,
  RequestOp as RequestOpCodec,
  SortTarget,
  TxnRequest,
} from '../../src/wire/gen/etcdserverpb.js';
import { b } from './store-harness.js';

/** What a generator of requests needs to know to hit something. */
export interface World {
  readonly prng: Prng;
  revision: number;
  compactRevision: number;
  hasCompacted: boolean;
  /** Leases that were granted at some time. */
  leases: bigint[];
}

const alphabet = ['a', 'b', 'c', 'd', 'aa', 'ab', 'b\0', 'b\xff', '\xff', 'c1', 'c2', 'c3'];

export function randomKey({ prng }: World): string {
  return prng.pick(alphabet);
}

/** Bounds of every form: one key, a range (maybe empty), from a key on, everything. */
export function randomBounds(world: World): { key: Uint8Array; rangeEnd: Uint8Array } {
  const { prng } = world;
  const dice = prng.int(0, 10);
  if (dice < 4) return { key: b(randomKey(world)), rangeEnd: b('') };
  if (dice < 5) return { key: b('\0'), rangeEnd: b('\0') };
  if (dice < 6) return { key: b(randomKey(world)), rangeEnd: b('\0') };
  return { key: b(randomKey(world)), rangeEnd: b(randomKey(world)) };
}

/** Mostly now; else around anything that was, and what will be. */
export function randomRevision(world: World): number {
  const { prng } = world;
  if (prng.chance(0.6)) return 0;
  if (prng.chance(0.05)) return -1;
  return prng.int(Math.max(1, world.compactRevision - 2), world.revision + 2);
}

export function randomPut(world: World): PutRequest {
  const { prng } = world;
  const ignoreValue = prng.chance(0.1);
  const ignoreLease = prng.chance(0.1);
  const hasLease = !ignoreLease && prng.chance(0.3);
  return PutRequest.create({
    key: b(randomKey(world)),
    value: ignoreValue ? b('') : b(`v${prng.int(0, 5)}`.repeat(prng.int(0, 3))),
    lease: hasLease ? BigInt(prng.int(1, 6)) : 0n,
    prevKv: prng.chance(0.3),
    ignoreValue,
    ignoreLease,
  });
}

export function randomDelete(world: World): DeleteRangeRequest {
  return DeleteRangeRequest.create({ ...randomBounds(world), prevKv: world.prng.chance(0.5) });
}

/** With a limit it sorts only by what has no ties: what is cut off would depend on their order. */
export function randomRange(world: World): RangeRequest {
  const { prng } = world;
  const limit = prng.chance(0.3) ? prng.int(0, 5) : 0;
  const bound = () => (prng.chance(0.15) ? prng.int(1, world.revision + 2) : 0);
  return RangeRequest.create({
    ...randomBounds(world),
    limit,
    revision: randomRevision(world),
    sortOrder: prng.int(0, 3),
    sortTarget: limit === 0 ? prng.int(0, 5) : SortTarget.KEY,
    keysOnly: prng.chance(0.2),
    countOnly: prng.chance(0.1),
    serializable: prng.chance(0.2),
    minModRevision: bound(),
    maxModRevision: bound(),
    minCreateRevision: bound(),
    maxCreateRevision: bound(),
  });
}

export function randomCompare(world: World): Compare {
  const { prng } = world;
  const target = prng.int(0, 5);
  const number = prng.int(0, world.revision + 1);
  const operand = [
    { version: prng.int(0, 4) },
    { createRevision: number },
    { modRevision: number },
    { value: b(`v${prng.int(0, 5)}`) },
    { lease: BigInt(prng.int(0, 6)) },
  ][prng.chance(0.9) ? target : prng.int(0, 5)];
  return CompareCodec.create({
    target,
    result: prng.int(0, 4),
    key: b(randomKey(world)),
    rangeEnd: prng.chance(0.3) ? b(prng.chance(0.3) ? '\0' : randomKey(world)) : b(''),
    ...operand,
  });
}

/** A txn that the API lets through: no key is put twice, none is put and deleted, at any depth. */
export function randomTxn(world: World, depth = 0, taken = new Set<string>()): TxnRequest {
  const { prng } = world;
  return TxnRequest.create({
    compare: Array.from({ length: prng.int(0, 3) }, () => randomCompare(world)),
    // Both branches draw from one set of keys: more careful than needed, and never refused.
    success: randomOps(world, depth, taken),
    failure: randomOps(world, depth, taken),
  });
}

function randomOps(world: World, depth: number, taken: Set<string>): RequestOp[] {
  return Array.from({ length: world.prng.int(0, 4) }, () => randomOp(world, depth, taken));
}

function randomOp(world: World, depth: number, taken: Set<string>): RequestOp {
  const { prng } = world;
  const dice = prng.int(0, 10);
  if (dice < 4) {
    const request = randomPut(world);
    const key = Buffer.from(request.key).toString('latin1');
    if (!taken.has(key)) {
      taken.add(key);
      return RequestOpCodec.create({ requestPut: request });
    }
  } else if (dice < 6) {
    const key = randomKey(world);
    if (!taken.has(key)) {
      taken.add(key);
      const request = DeleteRangeRequest.create({ key: b(key), prevKv: prng.chance(0.5) });
      return RequestOpCodec.create({ requestDeleteRange: request });
    }
  } else if (dice < 7 && depth < 2) {
    return RequestOpCodec.create({ requestTxn: randomTxn(world, depth + 1, taken) });
  }
  const request = randomRange(world);
  // Most reads inside a txn are to succeed, or hardly any txn would.
  const revision = prng.chance(0.8) ? 0 : request.revision;
  return RequestOpCodec.create({ requestRange: { ...request, revision } });
}

/** A txn that only reads, nested ones too. */
export function randomReadTxn(world: World, depth = 0): TxnRequest {
  const { prng } = world;
  const ops = () =>
    Array.from({ length: prng.int(0, 3) }, () =>
      depth < 2 && prng.chance(0.2)
        ? RequestOpCodec.create({ requestTxn: randomReadTxn(world, depth + 1) })
        : RequestOpCodec.create({ requestRange: randomRange(world) }),
    );
  return TxnRequest.create({
    compare: Array.from({ length: prng.int(0, 3) }, () => randomCompare(world)),
    success: ops(),
    failure: ops(),
  });
}
