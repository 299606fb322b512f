import t from 'tap';
import { defaultDeleteOptions } from '../../../../src/control/apiserver/options/delete-options.js';
import { deleteObject } from '../../../../src/control/apiserver/registry/delete.js';
import type { RegistryOptions } from '../../../../src/control/apiserver/registry/registry-options.js';
import type { WriteRequest } from '../../../../src/control/apiserver/registry/write-request.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

/** A registry of one object, to which `before` happens each time before it is removed. */
function registryOf(start: KubeObject, before: (object: KubeObject) => void) {
  const state: { object: KubeObject | null } = { object: structuredClone(start) };
  const present = () => ({ object: structuredClone(state.object as KubeObject), revision: 1 });
  const storage = {
    get: async () => present(),
    async update(_namespace: string, _name: string, change: (object: KubeObject) => unknown) {
      const { object } = (await change(present().object)) as { object: KubeObject };
      state.object = object;
      return present();
    },
    async delete(
      _namespace: string,
      _name: string,
      { check }: { check: (o: KubeObject) => Promise<void> },
    ) {
      before(state.object as KubeObject);
      await check(present().object);
      const last = present();
      state.object = null;
      return last;
    },
  };
  const row = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', rules: {} };
  const options = {
    row,
    storage,
    admission: { mutate: async () => {}, validate: async () => {} },
    hooks: () => ({}),
    defaultPropagation: 'Background',
    ttlSeconds: null,
  } as unknown as RegistryOptions;
  const context = { isDryRun: false, nowMs: Date.UTC(2026, 0, 1) };
  const request = { context, namespace: 'default', subresource: '' } as unknown as WriteRequest;
  return { state, remove: () => deleteObject(options, request, 'm', defaultDeleteOptions) };
}

t.test('deleteObject marks an object that is held since it was looked at', async (t) => {
  const { state, remove } = registryOf({ metadata: { name: 'm' } }, (object) => {
    object.metadata.finalizers = ['a/b'];
  });
  const { isGone, stored } = await remove();
  t.equal(isGone, false);
  t.match(stored.object.metadata, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  t.match(state.object?.metadata, {
    finalizers: ['a/b'],
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 0,
  });
});

t.test('deleteObject removes what nobody holds', async (t) => {
  const { state, remove } = registryOf({ metadata: { name: 'm' } }, () => {});
  t.equal((await remove()).isGone, true);
  t.equal(state.object, null);
});

t.test('deleteObject gives up with a conflict when finalizers come and go', async (t) => {
  const { state, remove } = registryOf({ metadata: { name: 'm' } }, () => {});
  const object = state.object as KubeObject;
  // Held whenever it is to be removed, free whenever it is looked at.
  let looks = 0;
  Object.defineProperty(object.metadata, 'finalizers', {
    enumerable: true,
    get: () => (looks++ % 2 === 0 ? undefined : ['a/b']),
  });
  await t.rejects(remove(), { code: 409 });
});
