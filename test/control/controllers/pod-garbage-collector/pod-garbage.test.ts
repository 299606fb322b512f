import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { resources, SharedInformers } from '../../../../src/control/client/index.js';
import { PodGarbageCollector } from '../../../../src/control/controllers/pod-garbage-collector/controller.js';
import {
  failedStatus,
  findGarbage,
} from '../../../../src/control/controllers/pod-garbage-collector/plan.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, setPhase, untilPodsCanBeMade } from '../batch-env.js';

const created = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;

function pod(
  name: string,
  { phase = 'Running', node = 'here', minute = 0, isDeleted = false, reason = '' } = {},
): Pod {
  return {
    metadata: {
      ...{ name, namespace: 'n', creationTimestamp: created(minute) },
      ...(isDeleted && { deletionTimestamp: created(59) }),
    },
    spec: node === '' ? {} : { nodeName: node },
    status: { phase, ...(reason === '' ? {} : { reason }) },
  };
}

const outOfService = { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' };

function node(
  name: string,
  isReady: boolean,
  taints: NonNullable<Node['spec']>['taints'] = [],
): Node {
  return {
    metadata: { name },
    spec: { taints },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  };
}

const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.name);

t.test('findGarbage: what nobody else takes away', async (t) => {
  const nodes = new Map([
    ['here', node('here', true)],
    ['marked', node('marked', true, [outOfService])],
    ['off', node('off', false, [outOfService])],
  ]);
  const garbage = findGarbage({
    nodes,
    terminatedMax: 2,
    pods: [
      pod('running'),
      pod('young', { phase: 'Succeeded', minute: 9 }),
      pod('old', { phase: 'Failed', minute: 1 }),
      pod('middle', { phase: 'Succeeded', minute: 5 }),
      pod('evicted', { phase: 'Failed', minute: 8, reason: 'Evicted' }),
      pod('ending', { phase: 'Failed', minute: 0, isDeleted: true }),
      pod('lost', { node: 'gone' }),
      pod('unplaced', { node: '', isDeleted: true }),
      pod('waiting', { node: '' }),
      pod('stuck', { node: 'off', isDeleted: true }),
      pod('kept', { node: 'off' }),
      pod('served', { node: 'marked', isDeleted: true }),
    ],
  });
  t.same(names(garbage.terminated), ['evicted', 'old']);
  t.same(names(garbage.unscheduled), ['unplaced']);
  t.same(names(garbage.outOfService), ['stuck']);
  t.same(
    [...garbage.orphaned].map(([name, pods]) => [name, names(pods)]),
    [['gone', ['lost']]],
  );
});

t.test('findGarbage: without a bound all pods that have ended stay', async (t) => {
  const pods = [pod('a', { phase: 'Failed' })];
  t.same(findGarbage({ pods, nodes: new Map(), terminatedMax: 0 }).terminated, []);
});

t.test('failedStatus: pods that have not ended have failed, and orphans say why', async (t) => {
  const now = created(0);
  t.equal(failedStatus(pod('a', { phase: 'Succeeded' }), { isOrphan: true, now }), null);
  t.match(failedStatus(pod('a'), { isOrphan: true, now }), {
    phase: 'Failed',
    conditions: [
      {
        ...{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' },
        message: 'PodGC: node no longer exists',
      },
    ],
  });
  t.same(failedStatus(pod('a'), { isOrphan: false, now })?.conditions, []);
});

t.test(
  'PodGarbageCollector: pods of a node that is gone for long, and of none other',
  async (t) => {
    const env = await startTestEnv();
    t.teardown(() => env.close());
    const { client } = env;
    await untilPodsCanBeMade(t, client);
    const pods = client.objects(resources.pods);
    await client.objects(resources.nodes).create({ metadata: { name: 'there' } });
    for (const [name, nodeName] of [
      ['lost', 'gone'],
      ['well', 'there'],
    ] as const) {
      const made = await pods.create({
        metadata: { name, namespace: 'default' },
        spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
      });
      await setPhase(client, made, 'Running');
    }
    let aheadMs = 0;
    const clock = { ...methodsOf(hostClock), now: () => hostClock.now() + aheadMs };
    const shared = { client, clock, prng: new Prng(1), logger: silentLogger };
    const informers = new SharedInformers(shared);
    const collector = new PodGarbageCollector(
      { ...shared, informers, events: { event: () => {} } },
      { terminatedMax: 100 },
    );
    const stop = new AbortController();
    const run = informers.run(stop.signal);
    t.teardown(async () => {
      stop.abort();
      await run;
    });
    await informers.untilSynced(stop.signal);
    const list = async () => (await pods.list({ namespace: 'default' })).items;
    await eventually(
      t,
      'both seen',
      async () => [...informers.of(resources.pods).lister.all()],
      (all) => all.length === 2,
    );
    await collector.collect(stop.signal);
    t.equal((await list()).length, 2, 'a node may come back');
    aheadMs = 41_000;
    await collector.collect(stop.signal);
    t.same(names(await list()), ['well']);
  },
);

function methodsOf(clock: typeof hostClock) {
  return {
    now: () => clock.now(),
    wallTime: () => clock.wallTime(),
    setTimer: clock.setTimer.bind(clock),
    clearTimer: clock.clearTimer.bind(clock),
    defer: clock.defer.bind(clock),
    deferBriefly: clock.deferBriefly.bind(clock),
  };
}
