import t, { type Test } from 'tap';
import { until } from '../client/until.js';
import { Cluster } from '../e2e/cluster.js';
import { kindUnderTest } from '../e2e/kind.js';
import { needs } from '../e2e/project.js';
import { clusterScripts } from './cluster-scripts.js';
import { etcdctl, type Output, runScript } from './etcdctl.js';
import { kvScripts } from './kv-scripts.js';
import { leaseScripts } from './lease-scripts.js';
import { normalise, normaliseTable, sortPieces } from './normalise.js';
import { commandCount, type Script } from './script.js';
import { txnScripts } from './txn-scripts.js';
import { watchScripts } from './watch-scripts.js';

const scripts: readonly Script[] = [
  ...kvScripts,
  ...txnScripts,
  ...watchScripts,
  ...leaseScripts,
  ...clusterScripts,
];

t.test(
  'etcdctl: prints the same from our cluster as from etcd',
  needs('etcd', 'etcdctl'),
  async (t) => {
    const commands = scripts.reduce((sum, script) => sum + commandCount(script), 0);
    t.ok(commands >= 120, `${commands} commands through each member`);
    const etcd = await Cluster.forTest(t, { kind: 'etcd' });
    const ours = await Cluster.forTest(t, { kind: kindUnderTest() });
    for (const index of [0, 1, 2]) {
      for (const script of scripts) {
        await t.test(`${script.name}, through member ${index}`, async (t) => {
          const [expected, found] = await Promise.all([
            runAgainst(etcd, script, index),
            runAgainst(ours, script, index),
          ]);
          compare(t, found, expected);
        });
      }
    }
  },
);

t.test('etcdctl: what a whole cluster agrees on', needs('etcd', 'etcdctl'), async (t) => {
  const cluster = await Cluster.forTest(t, { kind: kindUnderTest() });
  const all = cluster.endpoints.join(',');

  await t.test('endpoint hashkv: the same on every member', async (t) => {
    for (let i = 0; i < 20; i++)
      await etcdctl(cluster.member(i).endpoint, ['put', `k${i % 7}`, `${i}`]);
    const hashes = await until('one hash on all members', async () => {
      const { text } = await etcdctl(all, ['endpoint', 'hashkv']);
      const found = [...text.matchAll(/, (\d+)$/gm)].map((match) => match[1]);
      return found.length === 3 && new Set(found).size === 1 ? found : undefined;
    });
    t.not(hashes[0], '0');
  });

  await t.test('endpoint health --cluster: all members are healthy', async (t) => {
    const { text, errorText, code } = await etcdctl(all, ['endpoint', 'health', '--cluster']);
    t.equal(`${text}${errorText}`.match(/is healthy/g)?.length, 3, errorText);
    t.equal(code, 0);
  });

  await t.test(
    'move-leader: through the leader it is done, and the next write works',
    async (t) => {
      const before = await leaderOf(cluster);
      const target = before.ids.find((_, index) => index !== before.index);
      t.ok(target);
      const followerEndpoint = cluster.member(before.index + 1).endpoint;
      const refused = await etcdctl(followerEndpoint, ['move-leader', target!]);
      t.match(refused.errorText, /no leader endpoint given at/);
      const unknown = await etcdctl(all, ['move-leader', '12345']);
      t.match(unknown, { errorText: /etcdserver: bad leader transferee/, code: 1 });
      const moved = await etcdctl(all, ['move-leader', target!]);
      t.match(moved.text, `Leadership transferred from ${before.ids[before.index]} to ${target}`);
      t.equal(moved.code, 0);
      const written = await etcdctl(followerEndpoint, ['put', 'after', 'transfer']);
      t.match(written, { text: 'OK\n', code: 0 });
      const after = await leaderOf(cluster);
      t.equal(after.ids[after.index], target);
    },
  );
});

async function runAgainst(cluster: Cluster, script: Script, index: number): Promise<Output[]> {
  const slug = script.name.replaceAll(' ', '-');
  const place = { endpoint: cluster.member(index).endpoint, prefix: `${index}/${slug}` };
  const outputs = await runScript(script, place);
  return outputs.map((output) => clean(output, cluster.endpoints));
}

function clean(output: Output, endpoints: readonly string[]): Output {
  let text = normalise(output.text, endpoints);
  if (output.command.includes('table')) text = normaliseTable(text);
  if (/^member list|^lease timetolive .*--keys/.test(output.command)) text = sortPieces(text);
  return { ...output, text, errorText: normalise(output.errorText, endpoints) };
}

/** Compares command by command, so that a failure names the command. */
function compare(t: Test, found: readonly Output[], expected: readonly Output[]): void {
  t.equal(found.length, expected.length);
  expected.forEach((output, index) => {
    t.same(found[index], output, `etcdctl ${output.command}`);
  });
}

/** Ids of the members in the cluster's order, and the leader's index. */
async function leaderOf(cluster: Cluster): Promise<{ ids: string[]; index: number }> {
  return until('a leader that all members name', async () => {
    const { text } = await etcdctl(cluster.endpoints.join(','), ['endpoint', 'status']);
    const rows = text
      .trim()
      .split('\n')
      .map((line) => line.split(', '));
    const index = rows.findIndex((row) => row[4] === 'true');
    const ids = rows.map((row) => row[1] ?? '');
    return rows.length === 3 && index >= 0 ? { ids, index } : undefined;
  });
}
