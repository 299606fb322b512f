import type { MessageCodec } from '../../../src/wire/descriptor.js';
import {
  KV,
  Lease,
  type RequestOpInit,
  type TxnRequestInit,
} from '../../../src/wire/gen/etcdserverpb.js';

/** A unary request whose answer is compared with etcd's. */
export interface OddRequest {
  readonly title: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly response: MessageCodec<unknown, never>;
}

const b = (text: string) => Buffer.from(text, 'latin1');

type Methods = typeof KV.methods & typeof Lease.methods;
const methods: Methods = { ...KV.methods, ...Lease.methods };

function ask<Name extends keyof Methods>(
  title: string,
  name: Name,
  request: Parameters<Methods[Name]['request']['encode']>[0],
): OddRequest {
  const method = methods[name];
  const codec = method.request as MessageCodec<unknown, unknown>;
  return {
    title,
    path: method.path,
    bytes: codec.encode(request),
    response: method.response as MessageCodec<unknown, never>,
  };
}

const put = (key: string, value = 'v'): RequestOpInit => ({
  requestPut: { key: b(key), value: b(value) },
});
const get = (key: string, more: object = {}): RequestOpInit => ({
  requestRange: { key: b(key), ...more },
});
const del = (key: string, end = '', prevKv = false): RequestOpInit => ({
  requestDeleteRange: { key: b(key), rangeEnd: b(end), prevKv },
});
const nested = (init: TxnRequestInit): RequestOpInit => ({ requestTxn: init });
const all = { key: b('\0'), rangeEnd: b('\0') };

/**
 * One conversation with a fresh store, request by request: the edges of etcd's API. Sort targets that crash etcd 3.4 and
 * what it answers otherwise than its successors are left out.
 */
export const oddRequests: readonly OddRequest[] = [
  ask('range of an empty store', 'Range', all),
  ask('range without key', 'Range', {}),
  ask('range at the first revision', 'Range', { ...all, revision: 1 }),
  ask('range in the future', 'Range', { ...all, revision: 2 }),
  ask('compaction of nothing', 'Compact', { revision: 1 }),
  ask('compaction in the future', 'Compact', { revision: 9 }),
  ask('delete of nothing', 'DeleteRange', { key: b('none') }),
  ask('delete without key', 'DeleteRange', {}),
  ask('put without key', 'Put', { value: b('v') }),
  ask('first put', 'Put', { key: b('a'), value: b('1'), prevKv: true }),
  ask('second put', 'Put', { key: b('a'), value: b('2'), prevKv: true }),
  ask('put of an empty value', 'Put', { key: b('empty') }),
  ask('put of a binary key', 'Put', { key: b('\xff\x00\x80'), value: b('\x00\xff') }),
  ask('put with the value kept', 'Put', { key: b('a'), ignoreValue: true }),
  ask('put with the value kept and given', 'Put', {
    key: b('a'),
    ignoreValue: true,
    value: b('x'),
  }),
  ask('put with the value kept of nothing', 'Put', { key: b('none'), ignoreValue: true }),
  ask('put with the lease kept', 'Put', { key: b('a'), ignoreLease: true, value: b('3') }),
  ask('put with the lease kept and given', 'Put', { key: b('a'), ignoreLease: true, lease: 1n }),
  ask('put with the lease kept of nothing', 'Put', { key: b('none'), ignoreLease: true }),
  ask('put with an unknown lease', 'Put', { key: b('a'), lease: 99n }),
  ask('old revision', 'Range', { key: b('a'), revision: 2 }),
  ask('negative revision', 'Range', { key: b('a'), revision: -5 }),
  ask('end before key', 'Range', { key: b('z'), rangeEnd: b('a') }),
  ask('end equal to key', 'Range', { key: b('a'), rangeEnd: b('a') }),
  ask('count', 'Range', { ...all, countOnly: true }),
  ask('count with limit', 'Range', { ...all, countOnly: true, limit: 1 }),
  ask('limit', 'Range', { ...all, limit: 1 }),
  ask('limit equal to the count', 'Range', { ...all, limit: 3 }),
  ask('limit with filter', 'Range', { ...all, limit: 1, minModRevision: 4 }),
  ask('filters', 'Range', { ...all, minCreateRevision: 2, maxCreateRevision: 4 }),
  ask('filter on modification', 'Range', { ...all, maxModRevision: 4 }),
  ask('sorted by version, descending', 'Range', { ...all, sortOrder: 2, sortTarget: 3 }),
  ask('sorted by value without order', 'Range', { ...all, sortTarget: 4, limit: 2 }),
  ask('sorted by value, keys only', 'Range', {
    ...all,
    sortOrder: 2,
    sortTarget: 4,
    keysOnly: true,
  }),
  ask('keys only', 'Range', { ...all, keysOnly: true }),
  ask('serializable', 'Range', { key: b('a'), serializable: true }),
  ask('lease', 'LeaseGrant', { ID: 5n, TTL: 60 }),
  ask('lease again', 'LeaseGrant', { ID: 5n, TTL: 60 }),
  ask('lease too long', 'LeaseGrant', { ID: 6n, TTL: 9_000_000_001 }),
  ask('lease as long as possible', 'LeaseGrant', { ID: 7n, TTL: 9_000_000_000 }),
  ask('lease too short', 'LeaseGrant', { ID: 8n, TTL: 0 }),
  ask('lease of negative length', 'LeaseGrant', { ID: 9n, TTL: -5 }),
  ask('lease with a negative id', 'LeaseGrant', { ID: -9n, TTL: 60 }),
  ask('put with lease', 'Put', { key: b('leased/b'), lease: 5n }),
  ask('put with lease, earlier key', 'Put', { key: b('leased/a'), lease: 5n }),
  ask('put that drops the lease', 'Put', { key: b('leased/c'), lease: 5n }),
  ask('put that drops the lease, second', 'Put', { key: b('leased/c'), value: b('free') }),
  ask('time to live with keys', 'LeaseTimeToLive', { ID: 7n, keys: true }),
  ask('time to live of nothing', 'LeaseTimeToLive', { ID: 77n, keys: true }),
  ask('revoke', 'LeaseRevoke', { ID: 5n }),
  ask('revoke again', 'LeaseRevoke', { ID: 5n }),
  ask('leased keys after the revocation', 'Range', { key: b('leased/'), rangeEnd: b('leased0') }),
  ask('empty txn', 'Txn', {}),
  ask('txn that reads', 'Txn', { success: [get('a'), get('none')] }),
  ask('txn that reads a negative revision', 'Txn', { success: [get('a', { revision: -1 })] }),
  ask('txn that reads the future', 'Txn', { success: [get('a', { revision: 999 })] }),
  ask('txn that writes and reads the future', 'Txn', {
    success: [put('not-written'), get('a', { revision: 999 })],
  }),
  ask('what that txn did not write', 'Range', { key: b('not-written') }),
  ask('txn that reads what it wrote', 'Txn', {
    success: [get('t'), put('t', '1'), get('t'), del('t', '', true), get('t')],
  }),
  ask('txn with put and delete of one key in a row', 'Txn', { success: [put('u'), del('u')] }),
  ask('txn without effect', 'Txn', { success: [del('none')] }),
  ask('txn on an absent key', 'Txn', {
    compare: [{ key: b('none'), target: 1, createRevision: 0 }],
    success: [put('made')],
    failure: [get('made')],
  }),
  ask('txn with compare of an absent value', 'Txn', {
    compare: [{ key: b('none'), target: 3, result: 3, value: b('x') }],
    success: [get('a')],
  }),
  ask('txn with compare without operand', 'Txn', {
    compare: [{ key: b('a'), target: 0, result: 1 }],
    success: [get('a')],
  }),
  ask('txn with compare over a range', 'Txn', {
    compare: [{ key: b('\0'), rangeEnd: b('\0'), target: 2, result: 1, modRevision: 0 }],
    success: [get('a', { countOnly: true })],
  }),
  ask('txn with compare over an empty range', 'Txn', {
    compare: [{ key: b('x1'), rangeEnd: b('x2'), target: 0, result: 0, version: 0 }],
  }),
  ask('txn with compare of a lease', 'Txn', {
    compare: [{ key: b('a'), target: 4, result: 0, lease: 0n }],
  }),
  ask('txn with a bad lease in the branch taken', 'Txn', {
    success: [put('v'), { requestPut: { key: b('w'), lease: 404n } }],
  }),
  ask('what that txn did not write either', 'Range', { key: b('v') }),
  ask('txn with a bad lease in the branch not taken', 'Txn', {
    success: [get('a', { keysOnly: true })],
    failure: [{ requestPut: { key: b('w'), lease: 404n } }],
  }),
  ask('txn with an op of no kind', 'Txn', { success: [{}] }),
  ask('txn with a compare without key', 'Txn', { compare: [{}] }),
  ask('txn that puts twice', 'Txn', { success: [put('d'), put('d')] }),
  ask('txn that puts what it deletes', 'Txn', { success: [put('d'), del('a', 'z')] }),
  ask('txn with too many operations', 'Txn', {
    success: Array.from({ length: 129 }, (_, i) => put(`k${i}`)),
  }),
  ask('nested txns', 'Txn', {
    success: [
      put('n1'),
      nested({
        compare: [{ key: b('n1'), target: 1, createRevision: 0 }],
        success: [put('n2'), get('n1')],
        failure: [get('n1')],
      }),
      get('n2'),
    ],
  }),
  ask('nested txns with overlap', 'Txn', {
    success: [put('n1'), nested({ failure: [put('n1')] })],
  }),
  ask('delete of a range with previous values', 'DeleteRange', {
    key: b('n'),
    rangeEnd: b('o'),
    prevKv: true,
  }),
  ask('put after delete', 'Put', { key: b('n1'), value: b('again') }),
  ask('version after delete', 'Range', { key: b('n1') }),
  ask('compaction', 'Compact', { revision: 8, physical: true }),
  ask('compaction again', 'Compact', { revision: 8 }),
  ask('compaction before', 'Compact', { revision: 3 }),
  ask('range at the compacted revision', 'Range', { key: b('a'), revision: 8 }),
  ask('range before it', 'Range', { key: b('a'), revision: 7 }),
  ask('txn that reads before it', 'Txn', { success: [get('a', { revision: 7 })] }),
  ask('txn that reads a negative revision then', 'Txn', { success: [get('a', { revision: -1 })] }),
  ask('all that is left', 'Range', all),
  ask('delete of all', 'DeleteRange', all),
  ask('the end', 'Range', all),
];

/** The answer as text, with what legitimately differs between servers taken out. */
export function normalised(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const isIdentity = name === 'clusterId' || name === 'memberId' || name === 'raftTerm';
    if (isIdentity) result[name] = Boolean(field);
    else if (name === 'TTL' && typeof field === 'number' && field > 1000) result[name] = 'long';
    else result[name] = normalised(field);
  }
  return result;
}
