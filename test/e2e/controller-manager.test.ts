import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect } from '../../src/client/index.js';
import { startTestEnv, type TestEnv } from '../../src/cmd/testenv/index.js';
import { connectRest, readKubeconfig, resources } from '../../src/control/client/index.js';
import { electionKey } from '../../src/control/election/index.js';
import { isLeadershipLost } from '../../src/control/machinery/fence.js';
import { StatusError } from '../../src/control/machinery/status.js';
import { hostClock } from '../../src/host/clock.js';
import { until } from '../client/until.js';
import { ManagerProcess } from './manager-process.js';

/** For tests that wait for the end of a lease: short, and long enough for a busy machine. */
const shortLease = [
  '--leader-elect-lease-duration=8s',
  '--leader-elect-renew-deadline=6s',
  '--leader-elect-retry-period=500ms',
];
/** For tests in which nobody dies: who gets no processor for a while keeps his lead. */
const longLease = ['--leader-elect-lease-duration=120s', '--leader-elect-renew-deadline=90s'];
const name = 'kube-controller-manager';
const place = { namespace: 'kube-system', name };
const key = electionKey(place.namespace, name);

async function open(t: Test, apiServerFlags: readonly string[] = []): Promise<TestEnv> {
  const deletions = { namespaceDeletion: false, garbageCollection: false };
  const env = await startTestEnv({ ...deletions, apiServerFlags });
  t.teardown(() => env.close());
  return env;
}

function byStore({ storeUrl }: TestEnv): readonly string[] {
  return [`--etcd-servers=${storeUrl}`];
}

function start(t: Test, env: TestEnv, called: string, flags: readonly string[] = byStore(env)) {
  const manager = new ManagerProcess(called, 'controller-manager', [
    `--kubeconfig=${env.kubeconfig}`,
    '--secure-port=0',
    ...flags,
  ]);
  t.teardown(async () => {
    if (!t.passing()) t.comment(`${called}:\n${manager.log.join('\n')}`);
    await manager.end();
  });
  return manager;
}

interface AuditedWrite {
  readonly receivedAt: string;
  readonly code: number;
  readonly uri: string;
}

/** Has the API server write down every request. */
async function auditing(t: Test) {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-audit-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const policy = join(dir, 'policy.yaml');
  const log = join(dir, 'audit.log');
  const rules = '[{ level: Metadata, omitStages: [RequestReceived] }]';
  await writeFile(policy, `{ apiVersion: audit.k8s.io/v1, kind: Policy, rules: ${rules} }`);
  return {
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`],
    /** What a process wrote, or tried to. */
    async writesOf(pid: number): Promise<readonly AuditedWrite[]> {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
      return lines
        .map((line) => JSON.parse(line))
        .filter(({ userAgent }) => String(userAgent).includes(`pid ${pid})`))
        .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
        .map((event) => ({
          receivedAt: event.requestReceivedTimestamp,
          ...{ code: event.responseStatus?.code ?? 0, uri: event.requestURI },
        }));
    },
  };
}

/** Deletes a namespace that must go through whoever leads. */
async function work({ client }: TestEnv, namespace: string): Promise<void> {
  const namespaces = client.objects(resources.namespaces);
  await namespaces.create({ metadata: { name: namespace } });
  await namespaces.delete({ name: namespace });
  await until(
    `the end of ${namespace}`,
    () =>
      namespaces.get({ name: namespace }).then(
        () => false,
        (error: unknown) => error instanceof StatusError && error.reason === 'NotFound',
      ),
    60_000,
  );
}

t.test(
  'controller-manager: one leads, is shown by its Lease, and hands over when it is stopped',
  async (t) => {
    const env = await open(t);
    const flags = [...byStore(env), ...longLease];
    const first = start(t, env, 'first', flags);
    const { identity, createRevision } = await first.untilLeading();
    const second = start(t, env, 'second', flags);
    await second.untilStandingBy();
    await work(env, 'one');
    const leases = env.client.objects(resources.leases);
    const { spec } = await leases.get(place);
    t.match(spec, { holderIdentity: identity, leaseDurationSeconds: 120, leaseTransitions: 0 });
    t.match(spec?.acquireTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    t.equal(second.leading, undefined);

    first.signal('SIGTERM');
    t.same(await first.exit, { code: 0, signal: null });
    const next = await second.untilLeading();
    t.ok(next.createRevision > createRevision);
    await until('the Lease shows the second', async () => {
      const { spec } = await leases.get(place);
      return spec?.holderIdentity === next.identity && spec.leaseTransitions! >= 1;
    });
    await work(env, 'two');
  },
);

t.test(
  'controller-manager: kill -9 of the leader: the other takes over when the lease has ended',
  async (t) => {
    const env = await open(t);
    const flags = [...byStore(env), ...shortLease];
    const first = start(t, env, 'first', flags);
    await first.untilLeading();
    const second = start(t, env, 'second', flags);
    await second.untilStandingBy();
    await first.end();
    await second.untilLeading();
    await work(env, 'after');
  },
);

t.test(
  'controller-manager: a leader that is stopped for longer than its lease ends, and nothing it writes lands',
  async (t) => {
    const audit = await auditing(t);
    const env = await open(t, audit.flags);
    const flags = [...byStore(env), ...shortLease];
    const first = start(t, env, 'first', flags);
    const { createRevision } = await first.untilLeading();
    const second = start(t, env, 'second', flags);
    await second.untilStandingBy();
    // It is stopped with its hands full.
    const namespaces = env.client.objects(resources.namespaces);
    const names = Array.from({ length: 12 }, (_, i) => `busy-${i}`);
    await Promise.all(names.map((each) => namespaces.create({ metadata: { name: each } })));
    await Promise.all(names.map((each) => namespaces.delete({ name: each })));
    first.signal('SIGSTOP');
    const takenOver = (await second.untilLeading()).ts;
    first.signal('SIGCONT');
    t.same(await first.exit, { code: 1, signal: null });
    t.match(first.log.at(-1), /leader election lost/);
    await work(env, 'after');
    for (const each of names) {
      const isGone = () =>
        namespaces.get({ name: each }).then(
          () => false,
          () => true,
        );
      await until(`the end of ${each}`, isGone, 60_000);
    }
    const late = (await audit.writesOf(first.pid)).filter(
      ({ receivedAt }) => receivedAt > takenOver,
    );
    t.comment(`the old leader made ${late.length} writes after the new one led`);
    const applied = late.filter(({ code }) => code < 300);
    t.same(applied, [], 'writes of the old leader that were applied');

    const old = connectRest(await readKubeconfig(env.kubeconfig), {
      clock: hostClock,
      userAgent: 'old-leader',
      fence: { key, createRevision },
    });
    t.teardown(() => old.close());
    const refused = await old
      .objects(resources.configMaps)
      .create({ metadata: { name: 'late', namespace: 'default' } })
      .catch((error: unknown) => error);
    t.ok(isLeadershipLost(refused), String(refused));
  },
);

t.test(
  'controller-manager: a leader whose store goes away gives up by its own clock',
  async (t) => {
    const env = await open(t);
    const store = connect({ endpoints: [env.storeUrl], timeouts: { requestMs: 60_000 } });
    t.teardown(() => store.close());
    const manager = start(t, env, 'only');
    await manager.untilLeading();
    // As if an operator had taken the lease away: the next renewal says so.
    const { kvs } = await store.kv.range(key);
    await store.lease.revoke(kvs[0]!.lease);
    t.same(await manager.exit, { code: 1, signal: null });
  },
);

t.test('controller-manager: without the store a Lease elects, and hands over', async (t) => {
  const env = await open(t);
  const first = start(t, env, 'first', longLease);
  const { identity } = await first.untilLeading();
  const second = start(t, env, 'second', longLease);
  await second.untilStandingBy();
  const leases = env.client.objects(resources.leases);
  t.match((await leases.get(place)).spec, { holderIdentity: identity, leaseTransitions: 0 });
  await work(env, 'one');
  first.signal('SIGTERM');
  t.same(await first.exit, { code: 0, signal: null });
  const next = await second.untilLeading();
  t.match((await leases.get(place)).spec, { holderIdentity: next.identity, leaseTransitions: 1 });
  await work(env, 'two');
});

t.test('controller-manager: refuses what it cannot do', async (t) => {
  const env = await open(t);
  const kubeconfig = `--kubeconfig=${env.kubeconfig}`;
  const servers = `--etcd-servers=${env.storeUrl}`;
  const cases = [
    [[kubeconfig, '--controllers=*,nosuch'], /"nosuch" is not in the list of known controllers/],
    [
      [kubeconfig, servers, '--leader-elect-renew-deadline=20s'],
      /leaseDuration must be greater than renewDeadline/,
    ],
    [
      [kubeconfig, servers, '--leader-elect-retry-period=9s'],
      /renewDeadline must be greater than retryPeriod\*JitterFactor/,
    ],
    [['--leader-elect=false'], /unable to load in-cluster configuration/],
    [['--kubeconfig=/nosuch'], /nosuch/],
    [['--nosuch'], /"--nosuch" is no flag/],
  ] as const;
  await Promise.all(
    cases.map(async ([flags, wanted]) => {
      const manager = new ManagerProcess('wrong', 'controller-manager', flags);
      const { code } = await manager.exit;
      t.not(code, 0, flags.join(' '));
      t.match(manager.log.join('\n'), wanted);
    }),
  );
});
