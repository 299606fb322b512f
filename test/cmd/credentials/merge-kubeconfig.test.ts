import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { kubeconfigText } from '../../../src/cmd/credentials/kubeconfig.js';
import {
  MergeError,
  mergedKubeconfig,
  mergeKubeconfig,
} from '../../../src/cmd/credentials/merge-kubeconfig.js';

const config = (server: string) =>
  kubeconfigText({
    ...{ url: server, certificateAuthority: 'CA', name: 'flotilla', user: 'flotilla-admin' },
    credentials: { token: 'secret' },
  });

const others = `
apiVersion: v1
kind: Config
clusters: [{ name: work, cluster: { server: https://work } }]
users: [{ name: me, user: { token: mine } }]
contexts: [{ name: work, context: { cluster: work, user: me } }]
current-context: work
preferences: { colors: true }
`;

interface Merged {
  readonly clusters: readonly { name: string; cluster: { server: string } }[];
  readonly users: readonly { name: string }[];
  readonly 'current-context': string;
  readonly preferences?: object;
}

t.test(
  'mergedKubeconfig: what is there stays, entries of the same names are replaced',
  async (t) => {
    const once = mergedKubeconfig(others, config('https://127.0.0.1:1'));
    const twice = parse(mergedKubeconfig(once, config('https://127.0.0.1:2'))) as Merged;
    t.same(
      twice.clusters.map(({ name, cluster }) => [name, cluster.server]),
      [
        ['work', 'https://work'],
        ['flotilla', 'https://127.0.0.1:2'],
      ],
    );
    t.same(
      twice.users.map(({ name }) => name),
      ['me', 'flotilla-admin'],
    );
    t.equal(twice['current-context'], 'flotilla');
    t.same(twice.preferences, { colors: true });
  },
);

t.test('mergeKubeconfig: makes a file that its owner alone reads, and follows links', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'merge-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const file = join(dir, 'deep', 'config');
  await mergeKubeconfig(file, config('https://127.0.0.1:1'));
  t.equal((await stat(file)).mode & 0o777, 0o600);
  const link = join(dir, 'link');
  await symlink(file, link);
  await mergeKubeconfig(link, config('https://127.0.0.1:2'));
  t.match(await readFile(file, 'utf8'), 'https://127.0.0.1:2', 'the file behind the link');
});

for (const [title, text] of [
  ['a list', '[1, 2]'],
  ['another kind', 'kind: Pod'],
  ['no YAML', '{'],
  ['clusters that are no list', 'kind: Config\nclusters: { a: b }'],
]) {
  t.test(`mergeKubeconfig: ${title} is refused and stays as it is`, async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'merge-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const file = join(dir, 'config');
    await writeFile(file, text ?? '');
    const error = await mergeKubeconfig(file, config('https://x')).catch((thrown) => thrown);
    t.type(error, MergeError);
    t.match((error as Error).message, file, 'names the file');
    t.equal(await readFile(file, 'utf8'), text);
  });
}
