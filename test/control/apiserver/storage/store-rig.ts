import { spawnSync } from 'node:child_process';
import type { Test } from 'tap';
import { setVerify } from '../../../../src/base/assert.js';
import { Prng } from '../../../../src/base/prng.js';
import { type Client, connect } from '../../../../src/client/index.js';
import {
  type OpenStorage,
  openStorage,
  type StorageOptions,
  StoreConnection,
  type StoreConnectionOptions,
} from '../../../../src/control/apiserver/storage/index.js';
import { hostClock } from '../../../../src/host/clock.js';
import { Cluster } from '../../../e2e/cluster.js';
import { serveApi } from '../../../store/api/rig.js';

// Who changes what all readers share is found out.
setVerify(true);

/** The servers that storages are tested against: ours, in this process, and etcd, where it is on the PATH. */
export type StoreKind = 'flotilla' | 'etcd';

/** Why a store cannot be had here, or false. */
export function skipReason(kind: StoreKind): string | false {
  if (kind === 'flotilla') return false;
  if (process.env.FLOTILLA_TEST_ETCD === 'no') return 'not asked for';
  return spawnSync('etcd', ['--version']).status === 0 ? false : 'etcd is not installed';
}

/** Starts a store until the test ends; resolves to its endpoint. */
export async function startStore(t: Test, kind: StoreKind): Promise<string> {
  return kind === 'flotilla' ? (await serveApi(t)).endpoint : await startEtcd(t);
}

/** A connection to a store until the test ends. */
export function connectStore(
  t: Test,
  endpoint: string,
  options: Partial<StoreConnectionOptions> = {},
): { readonly client: Client; readonly store: StoreConnection } {
  const client = options.client ?? patientClient(endpoint);
  const store = new StoreConnection({ clock: hostClock, prng: new Prng(1), ...options, client });
  t.teardown(async () => {
    await store.close();
    await client.close();
  });
  return { client, store };
}

/** A client for a machine that is busy with something else. */
export function patientClient(endpoint: string): Client {
  return connect({ endpoints: [endpoint], timeouts: { requestMs: 60_000 } });
}

let lastPrefix = 0;

/** A storage of things that nobody else has, until the test ends. */
export function openThings(
  t: Test,
  store: StoreConnection,
  options: Partial<StorageOptions> & Pick<StorageOptions, 'cached'>,
): OpenStorage {
  const storage = openStorage({
    store,
    prefix: `/registry/things-${++lastPrefix}`,
    groupResource: { group: 'test.dev', resource: 'things' },
    isNamespaced: true,
    ...options,
  });
  t.teardown(() => storage.close());
  return storage;
}

async function startEtcd(t: Test): Promise<string> {
  const cluster = await Cluster.forTest(t, { kind: 'etcd', size: 1 });
  return cluster.member(0).spec.clientUrl;
}
