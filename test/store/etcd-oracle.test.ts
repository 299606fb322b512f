import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { type ApplyResult, CommandKind } from '../../src/store/contracts.js';
import { StoreError } from '../../src/store/errors.js';
import type { FieldDescriptor, MessageCodec } from '../../src/wire/descriptor.js';
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
} from '../../src/wire/gen/etcdserverpb.js';
import { EtcdOracle } from './etcd-oracle.js';
import {
  randomDelete,
  randomPut,
  randomRange,
  randomReadTxn,
  randomTxn,
  type World,
} from './random-requests.js';
import { readOnlyTxn } from './read-only-txn.js';
import { command, StoreRig } from './store-harness.js';

// biome-ignore lint/suspicious/noExplicitAny: a table of codecs of different types.
type AnyCodec = MessageCodec<any, any>;

interface Call {
  readonly path: string;
  readonly kind: CommandKind | null;
  readonly request: AnyCodec;
  readonly response: AnyCodec;
}

const calls = {
  range: call('/v3/kv/range', null, RangeRequest, RangeResponse),
  readTxn: call('/v3/kv/txn', null, TxnRequest, TxnResponse),
  put: call('/v3/kv/put', CommandKind.put, PutRequest, PutResponse),
  del: call('/v3/kv/deleterange', CommandKind.deleteRange, DeleteRangeRequest, DeleteRangeResponse),
  txn: call('/v3/kv/txn', CommandKind.txn, TxnRequest, TxnResponse),
  compact: call('/v3/kv/compaction', CommandKind.compact, CompactionRequest, CompactionResponse),
  grant: call('/v3/lease/grant', CommandKind.leaseGrant, LeaseGrantRequest, LeaseGrantResponse),
  revoke: call(
    '/v3/lease/revoke',
    CommandKind.leaseRevoke,
    LeaseRevokeRequest,
    LeaseRevokeResponse,
  ),
};

const skip = EtcdOracle.isInstalled() ? false : 'etcd is not installed';
const seeds = (process.env.ORACLE_SEEDS ?? '1,2').split(',').map(Number);

for (const seed of seeds) {
  t.test(`Store answers random requests as etcd does, seed ${seed}`, { skip }, async (t) => {
    const oracle = await EtcdOracle.start();
    t.teardown(() => oracle.stop());
    const rig = await StoreRig.open();
    t.teardown(() => rig.store.close());
    const prng = new Prng(seed);
    const world: World = {
      prng,
      revision: 1,
      compactRevision: -1,
      leases: [],
      hasCompacted: false,
    };
    for (let step = 0; step < 400; step++) {
      const [name, message] = randomCall(world, step);
      const { path, kind, request, response } = calls[name];
      const theirs = await oracle.ask(path, toJson(request, message));
      const ours = await answer(rig, kind, request, message, response);
      const expected = 'error' in theirs ? { error: theirs.error } : theirs;
      const where = `step ${step}: ${name} ${JSON.stringify(toJson(request, message))}`;
      const hasTies = where.includes('"sort_target"');
      if (!t.same(comparable(ours, hasTies), comparable(expected, hasTies), where)) return;
      world.revision = rig.store.mvcc.revision;
      world.compactRevision = rig.store.mvcc.compactRevision;
    }
  });
}

function randomCall(world: World, step: number): [keyof typeof calls, object] {
  const { prng } = world;
  const dice = prng.int(0, 100);
  if (dice < 30) return ['put', randomPut(world)];
  if (dice < 40) return ['del', randomDelete(world)];
  if (dice < 65) return ['range', randomRange(world)];
  if (dice < 85) return ['txn', randomTxn(world)];
  if (dice < 90) {
    const id = BigInt(prng.int(1, 6));
    world.leases.push(id);
    return ['grant', LeaseGrantRequest.create({ ID: id, TTL: prng.int(600, 900) })];
  }
  if (dice < 94) return ['revoke', LeaseRevokeRequest.create({ ID: BigInt(prng.int(1, 6)) })];
  if (dice < 97 && step > 100) {
    const revision = prng.int(Math.max(0, world.compactRevision - 1), world.revision + 2);
    return ['compact', CompactionRequest.create({ revision, physical: true })];
  }
  return ['readTxn', randomReadTxn(world)];
}

async function answer(
  rig: StoreRig,
  kind: CommandKind | null,
  request: AnyCodec,
  message: object,
  response: AnyCodec,
): Promise<unknown> {
  try {
    if (kind === null) {
      const answer =
        request === RangeRequest
          ? await rig.range(message)
          : await readOnlyTxn(rig.store.mvcc, message as TxnRequest);
      return toJson(response, answer);
    }
    const result: ApplyResult = rig.apply(command(kind, request.encode(message)));
    if (!result.ok) throw result.error;
    if (result.response.kind === 'compact') await result.response.physical;
    return toJson(response, (result.response as { value: object }).value);
  } catch (error) {
    if (error instanceof StoreError) return { error: error.message };
    throw error;
  }
}

function call(path: string, kind: Call['kind'], request: AnyCodec, response: AnyCodec): Call {
  return { path, kind, request, response };
}

/** JSON as the gateway has it: proto names, 64-bit integers as text, bytes in base64, defaults left out. */
function toJson(codec: AnyCodec, message: object): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  for (const field of codec.fields) {
    const value = (message as Record<string, unknown>)[field.name];
    const items = field.isRepeated ? (value as unknown[]) : [value];
    const shown = items.map((item) => fieldToJson(field, item));
    if (field.isRepeated ? shown.length > 0 : shown[0] !== undefined) {
      json[field.protoName] = field.isRepeated ? shown : shown[0];
    }
  }
  return json;
}

function fieldToJson(field: FieldDescriptor, value: unknown): unknown {
  if (value === undefined) return undefined;
  const keepDefault = field.oneof !== null;
  switch (field.kind) {
    case 'message':
      return toJson(field.message!(), value as object);
    case 'bytes': {
      const bytes = value as Uint8Array;
      return bytes.length === 0 && !keepDefault ? undefined : Buffer.from(bytes).toString('base64');
    }
    case 'int64':
    case 'uint64':
      return Number(value) === 0 && !keepDefault ? undefined : String(value);
    case 'enum':
      // By number going out; etcd writes names, which only its own defaults would show.
      return value === 0 ? undefined : value;
    default:
      return value === false || value === '' || value === 0 ? undefined : value;
  }
}

/** Without what only a whole server knows; and without an order that may have ties, for etcd's sort is not stable. */
function comparable(answer: unknown, hasTies: boolean): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value) => {
      if (key === 'cluster_id' || key === 'member_id' || key === 'raft_term') return undefined;
      if (key !== 'kvs' || !hasTies) return value;
      return (value as { key: string }[]).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    }),
  );
}
