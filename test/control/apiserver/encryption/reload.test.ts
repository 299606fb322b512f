import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { ConfigReloader } from '../../../../src/base/config-reloader.js';
import { silentLogger } from '../../../../src/base/logger.js';
import { CurrentEncryption } from '../../../../src/control/apiserver/encryption/current-encryption.js';
import { parseEncryptionConfig } from '../../../../src/control/apiserver/encryption/encryption-config.js';
import { until } from '../../../client/until.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { startApi } from '../server/api-rig.js';
import { startKms } from './kms-rig.js';

const noKms = () => {
  throw new Error('there is no kms');
};
const keyOf = (name: string) => ({
  name,
  secret: Buffer.alloc(32, name).toString('base64'),
});
const configOf = (...providers: readonly object[]) =>
  JSON.stringify({
    kind: 'EncryptionConfiguration',
    apiVersion: 'apiserver.config.k8s.io/v1',
    resources: [{ resources: ['secrets'], providers }],
  });
const secretbox = (...names: string[]) => ({ secretbox: { keys: names.map(keyOf) } });

t.test('CurrentEncryption: what asked for a transformer before follows the configuration', (t) => {
  const parse = (...names: string[]) => parseEncryptionConfig(configOf(secretbox(...names)), noKms);
  const current = new CurrentEncryption([], randomBytes);
  const secrets = current.transformerOf({ group: '', resource: 'secrets' });
  const pods = current.transformerOf({ group: '', resource: 'pods' });
  const place = Buffer.from('/registry/secrets/n/a');
  const value = Buffer.from('{}');
  t.same(secrets.toStored(value, place), value);
  current.replace(parse('one'));
  const one = secrets.toStored(value, place);
  t.equal(Buffer.from(one.subarray(0, 25)).toString(), 'k8s:enc:secretbox:v1:one:');
  t.same(pods.toStored(value, place), value);
  current.replace(parse('two', 'one'));
  t.same(secrets.fromStored(one, place), { bytes: value, isStale: true });
  t.match(secrets.fromStored(secrets.toStored(value, place), place), { isStale: false });
  current.replace(parse('two'));
  t.throws(() => secrets.fromStored(one, place), { name: 'DecryptionError' });
  t.end();
});

/** A reloader on a file in memory. */
function reloading(t: Test) {
  const clock = new ManualClock();
  const stop = new AbortController();
  const file = { text: 'a', changed: () => {} };
  const applied: string[] = [];
  const results: string[] = [];
  let isWatched = true;
  const reloader = new ConfigReloader('a', {
    ...{ clock, logger: silentLogger, what: 'test configuration' },
    read: async () => {
      if (file.text === '') throw new Error('no such file');
      return file.text;
    },
    apply: async (text) => {
      if (text.startsWith('bad')) throw new Error('it is bad');
      applied.push(text);
    },
    watch(onChange) {
      file.changed = onChange;
      return {
        close() {
          isWatched = false;
        },
      };
    },
    observer: { onReload: (result) => void results.push(result) },
  });
  const done = reloader.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await done;
  });
  const end = async () => {
    stop.abort();
    await done;
    return isWatched;
  };
  return { clock, file, applied, results, end };
}

t.test('ConfigReloader looks once a minute, and when it is told of a change', async (t) => {
  const { clock, file, applied, results, end } = reloading(t);
  file.text = 'b';
  await clock.advance(59_999);
  t.same(applied, []);
  await clock.advance(1);
  t.same(applied, ['b']);
  await clock.advance(120_000);
  t.same(results, ['success'], 'what stays the same is no reload');
  file.text = 'c';
  file.changed();
  file.changed();
  await clock.advance(100);
  t.same(applied, ['b', 'c']);
  t.equal(await end(), false, 'the file is not watched any more');
});

t.test(
  'ConfigReloader goes on with what it has when the file is no good, and tries again',
  async (t) => {
    const { clock, file, applied, results } = reloading(t);
    file.text = 'bad';
    await clock.advance(120_000);
    t.same([applied, results], [[], ['failure', 'failure']]);
    file.text = '';
    await clock.advance(60_000);
    file.text = 'd';
    await clock.advance(60_000);
    t.same([applied, results], [['d'], ['failure', 'failure', 'failure', 'success']]);
  },
);

t.test(
  '--encryption-provider-config-automatic-reload takes keys over while it serves',
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-reload-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const path = join(dir, 'encryption.yaml');
    const put = async (text: string) => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    };
    await put(configOf(secretbox('one')));
    const api = await startApi(t, [
      `--encryption-provider-config=${path}`,
      '--encryption-provider-config-automatic-reload=true',
    ]);
    const secrets = '/api/v1/namespaces/default/secrets';
    const create = (name: string) =>
      api.ask('POST', secrets, { body: { metadata: { name }, stringData: { a: name } } });
    const reloads = async (status: string) => {
      const { text } = await api.ask('GET', '/metrics');
      const name = 'apiserver_encryption_config_controller_automatic_reloads_total';
      const line = text.split('\n').find((each) => each.startsWith(`${name}{status="${status}"`));
      return Number(line?.split(' ').pop() ?? 0);
    };
    const reloaded = (count: number) =>
      until('the reload', async () => (await reloads('success')) >= count, 60_000);
    t.equal((await create('first')).status, 201);

    const kms = await startKms(t);
    const provider = { kms: { apiVersion: 'v2', name: 'k', endpoint: kms.endpoint } };
    await put(configOf(provider, secretbox('one')));
    await reloaded(1);
    t.equal((await create('second')).status, 201);
    t.ok(
      kms.asked.some((each) => each.startsWith('encrypt')),
      'the new provider writes',
    );

    await put('kind: Nonsense');
    await until('the failure', async () => (await reloads('failure')) > 0, 60_000);
    t.equal((await create('third')).status, 201, 'the old configuration goes on');
    t.equal((await api.ask('GET', '/readyz/kms-providers')).text, 'ok');
    t.match(
      (await api.ask('GET', '/metrics')).text,
      /last_config_info\{.*hash="sha256:[0-9a-f]{64}"\} 1/,
    );

    const list = await api.ask('GET', secrets);
    const names = list.json.items.map((each: { metadata: { name: string } }) => each.metadata.name);
    t.same(names, ['first', 'second', 'third'], 'what older keys wrote is read');
    t.match(await readFile(path, 'utf8'), 'Nonsense');
  },
);

t.test('--encryption-provider-config-automatic-reload takes a file to follow', async (t) => {
  await t.rejects(startApi(t, ['--encryption-provider-config-automatic-reload']), {
    message:
      '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
  });
});
