import t from 'tap';
import { Cluster } from '../../e2e/cluster.js';
import { needs } from '../../e2e/project.js';
import { type CommandResult, runCtl } from './run-ctl.js';

/** Users, roles and authentication by `flotilla ctl` and by etcdctl, each on a store of its own: both say the same. */

type Row = readonly [args: string, stdin?: string];

const rows: readonly Row[] = [
  ['user add'],
  ['user add root:root'],
  ['user add alice --new-user-password alice'],
  ['user add bob --interactive=false', 'bob\n'],
  ['user add card --no-password'],
  ['user add alice:again'],
  ['user list'],
  ['user get alice'],
  ['user get nobody'],
  ['user passwd bob --interactive=false', 'new\n'],
  ['role add'],
  ['role add some'],
  ['role add some'],
  ['role add other'],
  ['role list'],
  ['role grant-permission some read a'],
  ['role grant-permission some write b d'],
  ['role grant-permission some readwrite /dir/ --prefix'],
  ['role grant-permission some READ x --from-key=true'],
  ['role grant-permission some nothing x'],
  ['role grant-permission some read'],
  ['role grant-permission some read a b --prefix'],
  ['role grant-permission absent read a'],
  ['role get some'],
  ['role get absent'],
  ['role revoke-permission some b d'],
  ['role revoke-permission some x --from-key'],
  ['role revoke-permission some a'],
  ['role revoke-permission some a'],
  ['user grant-role alice some'],
  ['user grant-role alice absent'],
  ['user grant-role alice'],
  ['user get alice'],
  ['user revoke-role alice other'],
  ['user grant-role alice other'],
  ['user revoke-role alice other'],
  ['role delete other'],
  ['user delete bob'],
  ['auth enable x'],
  ['auth enable'],
  ['--user root:root user list'],
  ['--user root:root -w json user get alice'],
  ['--user root:root -w json role get some'],
  ['--user alice:alice user get alice'],
  ['--user alice:alice user list'],
  ['--user alice:alice role get some'],
  ['user list'],
  ['--user alice:alice put /dir/x 1'],
  ['--user alice:alice put y 1'],
  ['--user root --password root auth disable'],
  ['user list'],
];

t.test('ctl manages users and roles as etcdctl does', needs('etcdctl'), async (t) => {
  const flags = ['--bcrypt-cost=4'];
  const options = { kind: 'flotilla', size: 1, flags } as const;
  const [ours, theirs] = await Promise.all([
    Cluster.forTest(t, options),
    Cluster.forTest(t, options),
  ]);
  for (const [text, stdin] of rows) {
    const args = ['--command-timeout=60s', '--dial-timeout=60s', ...text.split(' ')];
    const [actual, expected] = await Promise.all([
      runCtl('flotilla', ['--endpoints', ours.endpoints[0] ?? '', ...args], stdin),
      runCtl('etcdctl', ['--endpoints', theirs.endpoints[0] ?? '', ...args], stdin),
    ]);
    t.same(told(actual), told(expected), text);
  }
});

/** What is the same for two stores, and without etcdctl's own log. The words for what arguments are wrong are each program's own. */
function told({ stdout, stderr, exitCode }: CommandResult): unknown {
  const error = /^Error: (etcdserver: .*)$/m.exec(stderr)?.[1];
  const ids = /"(cluster_id|member_id|raft_term)":\d+/g;
  return { stdout: stdout.replace(ids, '"$1":0'), error, exitCode };
}
