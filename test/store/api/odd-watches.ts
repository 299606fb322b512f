import type { KV, WatchRequestInit } from '../../../src/wire/gen/etcdserverpb.js';

type PutInit = Parameters<(typeof KV.methods.Put)['request']['encode']>[0];
type TxnInit = Parameters<(typeof KV.methods.Txn)['request']['encode']>[0];

/** A step of a conversation about watches: something happens, and so many responses come of it. */
export interface WatchStep {
  readonly title: string;
  readonly watch?: WatchRequestInit;
  readonly put?: PutInit;
  readonly txn?: TxnInit;
  readonly compact?: number;
  readonly responses: number;
}

const b = (text: string) => Buffer.from(text, 'latin1');
const create = (request: NonNullable<WatchRequestInit['createRequest']>): WatchRequestInit => ({
  createRequest: request,
});
const all = { key: b('\0'), rangeEnd: b('\0') };

/** One stream against a fresh store. What etcd 3.4 does otherwise than its successors is left out. */
export const oddWatches: readonly WatchStep[] = [
  { title: 'first put', put: { key: b('a'), value: b('1') }, responses: 0 },
  { title: 'second put', put: { key: b('a'), value: b('2') }, responses: 0 },
  { title: 'other put', put: { key: b('b'), value: b('3') }, responses: 0 },
  { title: 'an empty request', watch: {}, responses: 0 },
  { title: 'cancel of an unknown id', watch: { cancelRequest: { watchId: 9n } }, responses: 0 },
  { title: 'an empty range', watch: create({ key: b('b'), rangeEnd: b('a') }), responses: 1 },
  { title: 'a range of nothing', watch: create({ key: b('b'), rangeEnd: b('b') }), responses: 1 },
  { title: 'one key from now on', watch: create({ key: b('a') }), responses: 1 },
  { title: 'an id given', watch: create({ key: b('none'), watchId: 5n }), responses: 1 },
  { title: 'an id taken', watch: create({ key: b('none'), watchId: 5n }), responses: 1 },
  {
    title: 'all keys from the start',
    watch: create({ ...all, startRevision: 1, watchId: 6n }),
    responses: 2,
  },
  {
    title: 'the past with what was before',
    watch: create({ key: b('a'), startRevision: 3, prevKv: true, watchId: 7n }),
    responses: 2,
  },
  { title: 'cancel', watch: { cancelRequest: { watchId: 7n } }, responses: 1 },
  { title: 'a put that one watcher sees', put: { key: b('c') }, responses: 1 },
  {
    title: 'cancel of the watcher of all',
    watch: { cancelRequest: { watchId: 6n } },
    responses: 1,
  },
  {
    title: 'a txn with several events',
    txn: {
      success: [
        { requestPut: { key: b('a'), value: b('4') } },
        { requestDeleteRange: { key: b('b') } },
        { requestPut: { key: b('d') } },
      ],
    },
    responses: 1,
  },
  {
    title: 'no puts',
    watch: create({ ...all, startRevision: 2, filters: [0], prevKv: true, watchId: 8n }),
    responses: 2,
  },
  { title: 'cancel of that', watch: { cancelRequest: { watchId: 8n } }, responses: 1 },
  {
    title: 'no deletes of a key that was deleted',
    watch: create({ key: b('b'), startRevision: 5, filters: [1], watchId: 9n }),
    responses: 1,
  },
  { title: 'cancel of that too', watch: { cancelRequest: { watchId: 9n } }, responses: 1 },
  {
    title: 'the future',
    watch: create({ key: b('f'), startRevision: 9, watchId: 10n }),
    responses: 1,
  },
  { title: 'before that future', put: { key: b('f'), value: b('7') }, responses: 0 },
  { title: 'still before', put: { key: b('f'), value: b('8') }, responses: 0 },
  { title: 'that future', put: { key: b('f'), value: b('9') }, responses: 1 },
  { title: 'compaction', compact: 5, responses: 0 },
  {
    title: 'a start that is compacted',
    watch: create({ key: b('a'), startRevision: 2, watchId: 11n }),
    responses: 2,
  },
  {
    title: 'a start at the compaction',
    watch: create({ ...all, startRevision: 5, watchId: 12n }),
    responses: 2,
  },
  { title: 'cancel of the last', watch: { cancelRequest: { watchId: 12n } }, responses: 1 },
];
