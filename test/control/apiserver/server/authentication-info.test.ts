import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeSelfSigned } from '../../../../src/cmd/apiserver/self-signed.js';
import { publishedInfo } from '../../../../src/control/apiserver/server/authentication-info.js';
import { until } from '../../../client/until.js';
import { joinApi, startApi } from './api-rig.js';

const none = {
  clientCaPem: '',
  proxyCaPem: '',
  allowedNames: [],
  usernameHeaders: [],
  uidHeaders: [],
  groupHeaders: [],
  extraHeaderPrefixes: [],
};

const now = Date.UTC(2026, 0, 1);
const dayMs = 86_400_000;

const pem = async (nowMs = now) => (await makeSelfSigned(['a'], nowMs)).cert;
const blocks = (text = '') => text.match(/BEGIN CERTIFICATE/g)?.length ?? 0;

t.test('publishedInfo joins what several servers know, each once', async (t) => {
  const [one, two] = [await pem(), await pem()];
  t.same(publishedInfo(none, {}, now), {});
  const first = publishedInfo({ ...none, clientCaPem: one }, {}, now);
  t.same(Object.keys(first), ['client-ca-file']);
  t.same(publishedInfo({ ...none, clientCaPem: one }, first, now), first, 'nothing to write');
  const both = publishedInfo({ ...none, clientCaPem: two + one }, first, now);
  t.equal(blocks(both['client-ca-file']), 2);
  const proxies = { ...none, proxyCaPem: one, allowedNames: ['a'], usernameHeaders: ['X-User'] };
  const own = publishedInfo(proxies, {}, now);
  t.match(own, {
    'requestheader-allowed-names': '["a"]',
    'requestheader-extra-headers-prefix': '[]',
    'requestheader-group-headers': '[]',
    'requestheader-uid-headers': '[]',
    'requestheader-username-headers': '["X-User"]',
  });
  const other = { ...proxies, allowedNames: ['b', 'a'] };
  t.equal(publishedInfo(other, own, now)['requestheader-allowed-names'], '["a","b"]');
});

t.test('publishedInfo drops what has expired and what is nonsense', async (t) => {
  const old = await pem(now - 3650 * 2 * dayMs);
  const fresh = await pem();
  const there = { 'client-ca-file': `${old}\n${fresh}`, 'requestheader-allowed-names': '{' };
  const info = { ...none, proxyCaPem: fresh, allowedNames: ['x'] };
  const published = publishedInfo(info, there, now);
  t.equal(blocks(published['client-ca-file']), 1);
  t.equal(published['requestheader-allowed-names'], '["x"]');
  t.same(publishedInfo(none, { 'client-ca-file': 'nonsense', more: 'x' }, now), {});
});

const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

async function filesWith(t: Test, files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-info-'));
  t.teardown(() => rm(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return dir;
}

t.test(
  'extension-apiserver-authentication is published, kept, and joined by replicas',
  async (t) => {
    const dir = await filesWith(t, {
      'users.pem': await pem(Date.now()),
      'proxies.pem': await pem(Date.now()),
      'other.pem': await pem(Date.now()),
    });
    const api = await startApi(t, [
      '--authorization-mode=RBAC',
      `--client-ca-file=${dir}/users.pem`,
      `--requestheader-client-ca-file=${dir}/proxies.pem`,
      '--requestheader-allowed-names=front',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    ]);
    const data = async (): Promise<Record<string, string>> =>
      (await api.ask('GET', path)).json.data;
    const before = await data();
    t.equal(blocks(before['client-ca-file']), 1);
    t.equal(blocks(before['requestheader-client-ca-file']), 1);
    t.match(before, {
      'requestheader-allowed-names': '["front"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    });
    const role = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles';
    t.equal(
      (await api.ask('GET', `${role}/extension-apiserver-authentication-reader`)).status,
      200,
      'and a role to read it',
    );
    await api.ask('DELETE', path);
    await until(
      'it is there again',
      async () => (await api.ask('GET', path)).status === 200,
      60_000,
    );
    t.same(await data(), before);

    await joinApi(t, api.storeUrl, [`--client-ca-file=${dir}/other.pem`]);
    await until(
      'both are known',
      async () => blocks((await data())['client-ca-file']) === 2,
      60_000,
    );
    t.equal((await data())['requestheader-allowed-names'], '["front"]');
  },
);

t.test(
  'extension-apiserver-authentication is not there when there is nothing to say',
  async (t) => {
    const api = await startApi(t);
    t.equal((await api.ask('GET', path)).status, 404);
  },
);
