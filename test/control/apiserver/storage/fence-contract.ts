import type { Test } from 'tap';
import { type Client, compare, put, remove } from '../../../../src/client/index.js';
import type { ObjectStorage } from '../../../../src/control/apiserver/storage/index.js';
import {
  electionPrefix,
  type Fence,
  isLeadershipLost,
} from '../../../../src/control/machinery/fence.js';
import type { Subject } from './storage-contract.js';
import { create, failureOf, listQuery, pathsOf, type Thing, thing } from './things.js';

let elections = 0;

/** Somebody's leadership, as the store has it. */
async function elected(client: Client, key: string): Promise<Fence> {
  const { header } = await client.kv.txn().then(put(key, 'leader')).commit();
  return { key, createRevision: header.revision };
}

type Write = (storage: ObjectStorage, fence: Fence) => Promise<unknown>;

const writes: readonly (readonly [name: string, write: Write])[] = [
  ['create', (storage, fence) => storage.create(thing('a/new'), { ttlSeconds: null, fence })],
  [
    'create with a time to live',
    (storage, fence) => storage.create(thing('a/brief'), { ttlSeconds: 100, fence }),
  ],
  [
    'update',
    (storage, fence) =>
      storage.update('a', 'x', painted, { preconditions: {}, mayCreate: false, fence }),
  ],
  [
    'update that creates',
    (storage, fence) =>
      storage.update('a', 'y', async () => ({ object: thing('a/y'), ttlSeconds: null }), {
        ...{ preconditions: {}, mayCreate: true, fence },
      }),
  ],
  [
    'delete',
    (storage, fence) =>
      storage.delete('a', 'x', { preconditions: {}, check: async () => {}, fence }),
  ],
];

async function painted(current: unknown) {
  const object = { ...(current as Thing), spec: { color: 'new' } };
  return { object, ttlSeconds: null };
}

/** Writes that are tied to a leadership. */
export async function fenceContract(t: Test, subject: Subject): Promise<void> {
  for (const [name, write] of writes) {
    t.test(`${name}: takes effect only while the leadership lasts`, async (t) => {
      const { client } = subject;
      const storage = await subject.open(t);
      await create(storage, thing('a/x', { color: 'old' }));
      const key = `${electionPrefix}test/${++elections}`;
      const first = await elected(client, key);
      const unchanged = async (what: string, fence: Fence) => {
        const before = await storage.list(listQuery());
        const error = await failureOf(write(storage, fence));
        t.ok(isLeadershipLost(error), `${what}: ${String(error)}`);
        t.match(error, { code: 409, reason: 'Conflict' });
        const after = await storage.list(listQuery());
        t.same(pathsOf(after), pathsOf(before), what);
        t.equal(after.items[0]?.revision, before.items[0]?.revision, what);
      };
      await unchanged('of another revision', { key, createRevision: first.createRevision - 1 });
      await client.kv.delete(key);
      await unchanged('nobody leads', first);
      const second = await elected(client, key);
      await unchanged('another leads', first);
      // A value that changes is no other leadership.
      await client.kv.txn().if(compare(key).exists()).then(put(key, 'renamed')).commit();
      await write(storage, second);
    });
  }

  t.test('update: who loses a race while leading tries again', async (t) => {
    const storage = await subject.open(t);
    await create(storage, thing('a/x', { color: 'old', size: 0 }));
    const fence = await elected(subject.client, `${electionPrefix}test/${++elections}`);
    const options = { preconditions: {}, mayCreate: false, fence };
    const grow = () =>
      storage.update(
        'a',
        'x',
        async (current) => {
          const { spec } = current as Thing;
          return {
            object: { ...(current as Thing), spec: { ...spec, size: spec.size! + 1 } } as Thing,
            ttlSeconds: null,
          };
        },
        options,
      );
    await Promise.all(Array.from({ length: 8 }, grow));
    const { object } = await storage.get('a', 'x', { at: 'latest' });
    t.equal((object as Thing).spec.size, 8);
    await subject.client.kv.txn().then(remove(fence.key)).commit();
    t.ok(isLeadershipLost(await failureOf(grow())));
  });
}
