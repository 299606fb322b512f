import type { Test } from 'tap';
import type { ValueTransformer } from '../../../../src/control/apiserver/storage/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import type { Subject } from './storage-contract.js';
import {
  create,
  failureOf,
  listQuery,
  paint,
  pathsOf,
  remove,
  type Thing,
  thing,
} from './things.js';

let transformed = 0;

const gone = { preconditions: {}, check: async () => {} };
const latest = { at: 'latest' } as const;

/** Creating, changing and deleting. */
export async function writeContract(t: Test, subject: Subject): Promise<void> {
  t.test(
    'create: stores the object without its resourceVersion and answers it with one',
    async (t) => {
      const storage = await subject.open(t);
      const object = thing('a/x', { color: 'red' });
      object.metadata.resourceVersion = '77';
      const stored = await create(storage, object);
      t.equal(stored.object.metadata.resourceVersion, String(stored.revision));
      t.equal(object.metadata.resourceVersion, '77', 'what was handed over is left as it is');
      const read = await storage.get('a', 'x', latest);
      t.same(read.object, stored.object);
      t.equal(read.revision, stored.revision);
      t.same(JSON.parse(Buffer.from(read.json()).toString()), read.object);
    },
  );

  t.test('create: refuses a name that is taken', async (t) => {
    const storage = await subject.open(t);
    await create(storage, thing('a/x'));
    t.match(await failureOf(create(storage, thing('a/x'))), {
      status: {
        code: 409,
        reason: 'AlreadyExists',
        message: 'things.test.dev "x" already exists',
        details: { name: 'x', group: 'test.dev', kind: 'things' },
      },
    });
    await create(storage, thing('b/x'));
  });

  t.test('update: shares what is there with the change and writes what comes back', async (t) => {
    const storage = await subject.open(t);
    const created = await create(storage, thing('a/x', { color: 'red' }));
    const updated = await storage.update(
      'a',
      'x',
      async (current) => {
        t.throws(() => ((current as Thing).spec.color = 'green'), 'it stays as it is');
        const object: Thing = { ...(current as Thing), spec: { color: 'blue' } };
        return { object, ttlSeconds: null };
      },
      { preconditions: {}, mayCreate: false },
    );
    t.same((created.object as Thing).spec, { color: 'red' });
    t.same((updated.object as Thing).spec, { color: 'blue' });
    t.ok(updated.revision > created.revision);
    t.same((await storage.get('a', 'x', latest)).object, updated.object);
  });

  t.test(
    'update: the same content, in whatever order of fields, is not written again',
    async (t) => {
      const storage = await subject.open(t);
      const created = await create(storage, thing('a/x', { color: 'red', size: 1 }));
      const again = await storage.update(
        'a',
        'x',
        async (current) => {
          const { spec: _, metadata, ...rest } = current as Thing;
          const object = { spec: { size: 1, color: 'red' }, ...rest, metadata } as KubeObject;
          return {
            object: { ...object, metadata: { ...metadata, resourceVersion: '1' } },
            ttlSeconds: null,
          };
        },
        { preconditions: {}, mayCreate: false },
      );
      t.equal(again.revision, created.revision);
    },
  );

  t.test('update: is 404 when the object is not there, unless it may create', async (t) => {
    const storage = await subject.open(t);
    t.match(await failureOf(paint(storage, 'a/x', {})), {
      status: { code: 404, reason: 'NotFound', message: 'things.test.dev "x" not found' },
    });
    const options = { preconditions: {}, mayCreate: true };
    const change = async (current: KubeObject | undefined) => {
      t.equal(current, undefined);
      return { object: thing('a/x'), ttlSeconds: null };
    };
    const created = await storage.update('a', 'x', change, options);
    t.equal((await storage.get('a', 'x', latest)).revision, created.revision);
  });

  t.test('update: what the change throws ends it', async (t) => {
    const storage = await subject.open(t);
    const created = await create(storage, thing('a/x'));
    const change = async () => Promise.reject(new Error('no'));
    const updating = storage.update('a', 'x', change, { preconditions: {}, mayCreate: false });
    t.match(await failureOf(updating), { message: 'no' });
    t.equal((await storage.get('a', 'x', latest)).revision, created.revision);
  });

  t.test('update: many at once lose nothing', async (t) => {
    const storage = await subject.open(t);
    await create(storage, thing('a/x', { size: 0 }));
    const increment = () =>
      storage.update(
        'a',
        'x',
        async (current) => {
          const { spec } = current as Thing;
          const object: Thing = { ...(current as Thing), spec: { size: spec.size! + 1 } };
          return { object, ttlSeconds: null };
        },
        { preconditions: {}, mayCreate: false },
      );
    await Promise.all(Array.from({ length: 20 }, increment));
    t.equal(((await storage.get('a', 'x', latest)).object as Thing).spec.size, 20);
  });

  for (const { what, preconditions, text } of [
    {
      what: 'another uid',
      preconditions: { uid: 'other' },
      text: 'Precondition failed: UID in precondition: other, UID in object meta: uid-a/x',
    },
    {
      what: 'another resourceVersion',
      preconditions: { resourceVersion: '1' },
      text: /Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: \d+/,
    },
  ]) {
    t.test(`update and delete: refuse ${what} than the precondition says`, async (t) => {
      const storage = await subject.open(t);
      const { revision } = await create(storage, thing('a/x'));
      const change = async () => ({ object: thing('a/x', { size: 1 }), ttlSeconds: null });
      const refusal = { status: { code: 409, reason: 'Conflict' }, message: text };
      const about =
        /Operation cannot be fulfilled on things.test.dev "x": StorageError: invalid object, Code: 4, Key: \/registry\/things-\d+\/a\/x, ResourceVersion: 0, AdditionalErrorMsg: /;
      const updating = storage.update('a', 'x', change, { preconditions, mayCreate: false });
      const error = await updating.catch((error: Error) => error);
      t.match(error, { status: refusal.status });
      t.match((error as Error).message, about);
      t.match((error as Error).message, text);
      const deleting = storage.delete('a', 'x', { preconditions, check: async () => {} });
      t.match(await deleting.catch((error: Error) => error), {
        message: text,
        status: { code: 409 },
      });
      t.equal((await storage.get('a', 'x', latest)).revision, revision);
    });
  }

  t.test('update and delete: go ahead when the preconditions hold', async (t) => {
    const storage = await subject.open(t);
    const { revision } = await create(storage, thing('a/x'));
    const preconditions = { uid: 'uid-a/x', resourceVersion: String(revision) };
    const change = async () => ({ object: thing('a/x', { size: 1 }), ttlSeconds: null });
    const updated = await storage.update('a', 'x', change, { preconditions, mayCreate: false });
    const resourceVersion = String(updated.revision);
    await storage.delete('a', 'x', { ...gone, preconditions: { uid: 'uid-a/x', resourceVersion } });
    t.match(await failureOf(storage.get('a', 'x', latest)), { status: { code: 404 } });
  });

  t.test('delete: answers the last state under the revision of the deletion', async (t) => {
    const storage = await subject.open(t);
    const created = await create(storage, thing('a/x', { color: 'red' }));
    const deleted = await remove(storage, 'a/x');
    t.ok(deleted.revision > created.revision);
    t.equal(deleted.object.metadata.resourceVersion, String(deleted.revision));
    t.same((deleted.object as Thing).spec, { color: 'red' });
    t.match(await failureOf(storage.get('a', 'x', latest)), { status: { code: 404 } });
    t.match(await failureOf(remove(storage, 'a/x')), {
      status: { code: 404, message: 'things.test.dev "x" not found' },
    });
  });

  t.test('delete: the check may refuse, and is asked again of what came meanwhile', async (t) => {
    const storage = await subject.open(t);
    await create(storage, thing('a/x', { size: 0 }));
    const refuse = async () => Promise.reject(new Error('protected'));
    const refused = storage.delete('a', 'x', { preconditions: {}, check: refuse });
    t.match(await failureOf(refused), { message: 'protected' });
    const seen: (number | undefined)[] = [];
    const check = async (current: KubeObject) => {
      seen.push((current as Thing).spec.size);
      if (seen.length === 1) await paint(storage, 'a/x', { size: 1 });
    };
    const deleted = await storage.delete('a', 'x', { preconditions: {}, check });
    t.same(seen, [0, 1]);
    t.equal((deleted.object as Thing).spec.size, 1);
  });

  t.test('create: objects with a time to live share a lease that outlives them', async (t) => {
    const storage = await subject.open(t);
    // A twentieth of the time, a minute at most, is how much later another may come and share.
    for (const name of ['x', 'y']) await storage.create(thing(`a/${name}`), { ttlSeconds: 1000 });
    await storage.create(thing('a/z'), { ttlSeconds: 10_000 });
    const { leases } = await subject.client.lease.list();
    const ttls = await Promise.all(
      leases.map(({ ID }) => subject.client.lease.timeToLive(ID, { keys: true })),
    );
    const own = ttls.filter(({ keys }) =>
      keys.some((key) => /\/a\/[xyz]$/.test(Buffer.from(key).toString())),
    );
    t.same(own.map(({ grantedTTL, keys }) => [Number(grantedTTL), keys.length]).sort(), [
      [10_060, 1],
      [1050, 2],
    ]);
    for (const { ID } of own) await subject.client.lease.revoke(ID);
    t.same(pathsOf(await storage.list(listQuery())), []);
    await storage.create(thing('a/x'), { ttlSeconds: 100 });
    t.same(pathsOf(await storage.list(listQuery())), ['a/x'], 'a lease that is gone is replaced');
    const ids = (await subject.client.lease.list()).leases.map(({ ID }) => ID);
    const keysLeft = async () => {
      const left = await Promise.all(
        ids.map((id) => subject.client.lease.timeToLive(id, { keys: true })),
      );
      return left.flatMap(({ keys }) => keys).length;
    };
    t.equal(await keysLeft(), 1);
    await paint(storage, 'a/x', { color: 'kept' });
    t.equal(await keysLeft(), 0, 'an update says anew how long the object lives');
  });

  t.test(
    'a transformer sees every value on its way, and what is stale is written anew',
    async (t) => {
      let key = 1;
      const flip = (bytes: Uint8Array, by: number) => bytes.map((byte) => byte ^ by);
      const transformer: ValueTransformer = {
        toStored: (bytes) => new Uint8Array([key, ...flip(bytes, key)]),
        fromStored: (bytes) => {
          const isStale = bytes[0] !== key;
          return { bytes: flip(bytes.subarray(1), bytes[0]!), isStale };
        },
      };
      const prefix = `/registry/transformed-${++transformed}`;
      const storage = await subject.open(t, { transformer, prefix });
      const created = await create(storage, thing('a/x', { color: 'red' }));
      t.same((await storage.get('a', 'x', latest)).object, created.object);
      t.equal((await paint(storage, 'a/x', { color: 'red' })).revision, created.revision);
      key = 2;
      const again = await subject.open(t, { transformer, prefix });
      const rewritten = await paint(again, 'a/x', { color: 'red' });
      t.ok(rewritten.revision > created.revision, 'the same content, under the new key');
      t.equal((await paint(again, 'a/x', { color: 'red' })).revision, rewritten.revision);
      t.same((await again.get('a', 'x', latest)).object, rewritten.object);
    },
  );
}
