import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { KubeconfigError, readInClusterAccess } from '../../../src/control/client/index.js';

t.test(
  'readInClusterAccess: the address of the environment, the files of the account, a token that is renewed',
  async (t) => {
    const accountDir = await mkdtemp(join(tmpdir(), 'flotilla-account-'));
    t.teardown(() => rm(accountDir, { recursive: true, force: true }));
    await writeFile(join(accountDir, 'ca.crt'), 'PEM');
    await writeFile(join(accountDir, 'token'), 'first\n');
    const access = await readInClusterAccess({ host: '10.0.0.1', port: '443', accountDir });
    t.equal(access.server, 'https://10.0.0.1:443');
    t.equal(access.tls.ca, 'PEM');
    t.equal(await access.authorization(), 'Bearer first');
    await writeFile(join(accountDir, 'token'), 'second');
    t.equal(await access.authorization(), 'Bearer second');
    const v6 = await readInClusterAccess({ host: 'fd00::1', port: '443', accountDir });
    t.equal(v6.server, 'https://[fd00::1]:443');
  },
);

t.test('readInClusterAccess: outside of a pod it says what is missing', async (t) => {
  const says =
    'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined';
  for (const [host, port] of [
    [undefined, undefined],
    ['10.0.0.1', undefined],
    ['', '443'],
  ] as const) {
    await t.rejects(readInClusterAccess({ host, port }), new KubeconfigError(says));
  }
  const accountDir = join(tmpdir(), 'flotilla-nosuch');
  const read = readInClusterAccess({ host: '10.0.0.1', port: '443', accountDir });
  await t.rejects(read, {
    name: 'KubeconfigError',
    message: /cannot read .*ca.crt of the service account/,
  });
});
