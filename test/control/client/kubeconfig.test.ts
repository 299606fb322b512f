import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { stringify } from 'yaml';
import { KubeconfigError, readKubeconfig } from '../../../src/control/client/index.js';

const dir = await mkdtemp(join(tmpdir(), 'flotilla-kubeconfig-'));
t.teardown(() => rm(dir, { recursive: true, force: true }));
await writeFile(join(dir, 'token'), 'from-file\n');
await writeFile(join(dir, 'ca.crt'), 'CA of a file');

function config(user: object, cluster: object = {}): object {
  return {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'x', context: { cluster: 'c', user: 'u', namespace: 'apps' } },
      { name: 'y', context: { cluster: 'c' } },
      { name: 'z', context: { cluster: 'nowhere' } },
    ],
    'current-context': 'x',
  };
}

async function file(content: object | string): Promise<string> {
  const path = join(dir, 'config');
  await writeFile(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

for (const [title, user, authorization] of [
  ['a token', { token: 'abc' }, 'Bearer abc'],
  ['a token file, before the token', { token: 'abc', tokenFile: 'token' }, 'Bearer from-file'],
  ['a password', { username: 'me', password: 'it' }, `Basic ${base64('me:it')}`],
  ['nothing', {}, null],
] as const) {
  t.test(`readKubeconfig: a user shows ${title}`, async (t) => {
    const access = await readKubeconfig(await file(config(user)));
    t.equal(await access.authorization(), authorization);
    t.equal(access.namespace, 'apps');
  });
}

t.test('readKubeconfig: certificates are in it or in files of their own', async (t) => {
  const user = {
    'client-certificate-data': base64('my certificate'),
    'client-key-data': base64('my key'),
  };
  const cluster = { 'certificate-authority': 'ca.crt', 'tls-server-name': 'api' };
  const { tls, server } = await readKubeconfig(await file(config(user, cluster)));
  t.equal(server, 'https://127.0.0.1:6443');
  t.same(tls, {
    ca: 'CA of a file',
    cert: 'my certificate',
    key: 'my key',
    serverName: 'api',
    isUnverified: false,
  });
});

t.test('readKubeconfig: another context can be named, and needs no user', async (t) => {
  const access = await readKubeconfig(await file(config({ token: 'abc' })), { context: 'y' });
  t.equal(await access.authorization(), null);
  t.equal(access.namespace, 'default');
});

for (const [title, content, context, message] of [
  ['no YAML', 'a: [', undefined, /it is no YAML/],
  ['nothing', '', undefined, /it holds no configuration/],
  ['no context', { contexts: [] }, undefined, /it has no current-context/],
  ['another context', config({}), 'w', /there is no "w" among its contexts/],
  ['no such cluster', config({}), 'z', /there is no "nowhere" among its clusters/],
  ['no URL', config({}, { server: 'nowhere' }), undefined, /the server of cluster "c" is no URL/],
  ['a program', config({ exec: { command: 'x' } }), undefined, /credentials by exec, which is not/],
] as const) {
  t.test(`readKubeconfig refuses ${title}`, async (t) => {
    const path = await file(content);
    const options = context === undefined ? {} : { context };
    await t.rejects(readKubeconfig(path, options), { name: KubeconfigError.name, message });
  });
}
