import t from 'tap';
import { storageContract } from './storage-contract.js';
import { connectStore, openThings, type StoreKind, skipReason, startStore } from './store-rig.js';

/** The same contract for both storages, on our store and on etcd. */
for (const kind of ['flotilla', 'etcd'] satisfies StoreKind[]) {
  for (const cached of [false, true]) {
    const name = `${cached ? 'CachedStorage' : 'DirectStorage'} on ${kind}`;
    t.test(name, { skip: skipReason(kind) }, async (t) => {
      const endpoint = await startStore(t, kind);
      const { client, store } = connectStore(t, endpoint);
      storageContract(t, {
        client,
        store,
        open: async (t, options = {}) => {
          const storage = openThings(t, store, { cached, ...options });
          await storage.filled();
          return storage;
        },
      });
    });
  }
}
