import t from 'tap';
import type { Lease } from '../../../src/control/api/gen/coordination-v1.js';
import type { Node } from '../../../src/control/api/gen/core-v1.js';
import {
  ControlClient,
  RestTransport,
  readKubeconfig,
  resources,
} from '../../../src/control/client/index.js';
import type { CallControl, WatchCall, WatchEvent } from '../../../src/control/client/transport.js';
import { nodeLifecycleDefinition } from '../../../src/control/controllers/node-lifecycle/definition.js';
import { nodeTtlDefinition } from '../../../src/control/controllers/node-ttl/definition.js';
import { taintEvictionDefinition } from '../../../src/control/controllers/taint-eviction/definition.js';
import { formatMicroTime, formatTime } from '../../../src/control/machinery/time.js';
import { hostClock } from '../../../src/host/clock.js';
import { ManualClock } from '../../store/manual-clock.js';
import { eventually, startControllers, testEnv } from './cluster-env.js';

const flags = new Map<string, number>([
  ['node-monitor-period', 50],
  ['node-monitor-grace-period', 4000],
  ['node-eviction-rate', 100],
]);

/** Between renewals of leases, by the controllers' clock: many fit in the time of grace. */
const renewMs = 150;

/** The controllers' way to the server, which knows what they have been told of leases. */
class NotedTransport extends RestTransport {
  /** When the lease of each node was renewed, as far as the controllers know; empty until they watch leases. */
  readonly renewed = new Map<string, string>();
  isWatched = false;

  override async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    const isOfLeases = call.resource.resource === 'leases';
    if (isOfLeases) this.isWatched = true;
    for await (const event of super.watch(call, control)) {
      yield event;
      // Who asks for the next one has taken this one in.
      const { metadata, spec } = event.object as Lease;
      if (isOfLeases) this.renewed.set(metadata.name ?? '', spec?.renewTime ?? '');
    }
  }
}

/** The controllers' clock goes on only after they have seen each renewal: a machine that is busy loses no node, nor one before the other. */
class PacedClock extends ManualClock {
  readonly #startMs = hostClock.wallTime() - this.now();

  override wallTime(): number {
    return this.#startMs + this.now();
  }
}

t.test('the controllers of nodes, with a server and its store', async (t) => {
  const env = await testEnv(t);
  const { client } = env;
  const clock = new PacedClock();
  const [nodes, pods, leases] = [
    client.objects(resources.nodes),
    client.objects(resources.pods),
    client.objects(resources.leases),
  ];
  await client
    .objects(resources.namespaces)
    .create({ metadata: { name: 'kube-node-lease' } })
    .catch(() => {});
  const setReady = (name: string, status: string) =>
    nodes.patch(
      { name },
      'strategic',
      {
        status: {
          conditions: [
            {
              ...{ type: 'Ready', status, reason: 'KubeletReady' },
              lastHeartbeatTime: formatTime(clock.wallTime()),
            },
          ],
        },
      },
      { subresource: 'status' },
    );
  const alive = new Set(['near', 'far']);
  for (const name of alive) {
    await nodes.create({ metadata: { name, labels: { 'kubernetes.io/os': 'linux' } } });
    await setReady(name, 'True');
    await leases.create({ metadata: { name, namespace: 'kube-node-lease' }, spec: {} });
  }
  // Of no node: also when none is renewed, a write takes the controllers no more of their time than it takes of the test's.
  const pace = 'pace';
  await leases.create({ metadata: { name: pace, namespace: 'kube-node-lease' }, spec: {} });
  const access = await readKubeconfig(env.kubeconfig);
  const way = new NotedTransport({ access, clock: hostClock, userAgent: 'test' });
  const noted = new ControlClient(way, { clock: hostClock });
  t.teardown(() => noted.close());
  const stop = new AbortController();
  const renewal = (async () => {
    while (!stop.signal.aborted) {
      const renewTime = formatMicroTime(clock.wallTime());
      const spec = { holderIdentity: 'test', leaseDurationSeconds: 40, renewTime };
      const names = [...alive, pace];
      await Promise.all(
        names.map((name) =>
          leases.patch({ namespace: 'kube-node-lease', name }, 'merge', { spec }),
        ),
      );
      if (way.isWatched) {
        await eventually(
          'the controllers know of the renewal',
          () => names.map((name) => way.renewed.get(name)),
          (times) => stop.signal.aborted || times.every((time) => time === renewTime),
        );
      }
      await clock.advance(renewMs);
    }
  })();
  t.teardown(async () => {
    stop.abort();
    await renewal;
  });
  const runPod = async (name: string, nodeName: string, tolerations: object[]) => {
    await pods.create({
      metadata: { name, namespace: 'default' },
      spec: { nodeName, containers: [{ name: 'c', image: 'x' }], tolerations },
    });
    await pods.patch(
      { namespace: 'default', name },
      'strategic',
      { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
      { subresource: 'status' },
    );
  };
  const unreachable = {
    key: 'node.kubernetes.io/unreachable',
    operator: 'Exists',
    effect: 'NoExecute',
  };
  await runPod('short', 'far', [{ ...unreachable, tolerationSeconds: 1 }]);
  await runPod('long', 'far', [unreachable]);
  await runPod('other', 'near', []);
  startControllers(
    t,
    { ...env, client: noted },
    [nodeLifecycleDefinition, taintEvictionDefinition, nodeTtlDefinition],
    flags,
    clock,
  );
  const get = (name: string) => nodes.get({ name });
  const taintsOf = ({ spec }: Node) =>
    (spec?.taints ?? []).map(({ key, effect }) => `${key?.split('/')[1]}:${effect}`).sort();
  const readyOf = ({ status }: Node) => status?.conditions?.find(({ type }) => type === 'Ready');

  await t.test(
    'nodes get labels, the annotation of their cache, and lose the taint of the beginning',
    async () => {
      await eventually(
        'a tidy node',
        () => get('far'),
        (node) =>
          node.metadata.labels?.['beta.kubernetes.io/os'] === 'linux' &&
          node.metadata.annotations?.['node.alpha.kubernetes.io/ttl'] === '0' &&
          taintsOf(node).length === 0,
      );
    },
  );

  await t.test('a node that is silent is lost, and its pods with it', async (t) => {
    alive.delete('far');
    const lost = await eventually(
      'Ready is unknown',
      () => get('far'),
      (node) => readyOf(node)?.status === 'Unknown',
    );
    t.match(readyOf(lost), {
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    await eventually(
      'both taints',
      () => get('far'),
      (node) => taintsOf(node).join() === 'unreachable:NoExecute,unreachable:NoSchedule',
    );
    const long = await eventually(
      'its pod is not ready',
      () => pods.get({ namespace: 'default', name: 'long' }),
      ({ status }) =>
        status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'False') ??
        false,
    );
    t.equal(long.metadata.deletionTimestamp, undefined, 'it puts up with the taint');
    const short = await eventually(
      'the pod that waits a second is deleted',
      () => pods.get({ namespace: 'default', name: 'short' }),
      ({ metadata }) => metadata.deletionTimestamp !== undefined,
    );
    t.match(
      short.status?.conditions?.find(({ type }) => type === 'DisruptionTarget'),
      { status: 'True', reason: 'DeletionByTaintManager' },
    );
    t.same(taintsOf(await get('near')), [], 'the other node is well');
    const wanted = [
      'NodeNotReady Node far status is now: NodeNotReady',
      'NodeNotReady Node is not ready',
      'TaintManagerEviction Marking for deletion Pod default/short',
      'RegisteredNode Node far event: Registered Node far in Controller',
    ];
    await eventually(
      'events',
      async () =>
        (await client.objects(resources.events).list()).items.map(
          (each) => `${each.reason} ${each.note}`,
        ),
      (texts) => wanted.every((text) => texts.includes(text)),
    );
  });

  await t.test('a node that is back loses its taints', async () => {
    alive.add('far');
    await setReady('far', 'True');
    await eventually(
      'no taint',
      () => get('far'),
      (node) => taintsOf(node).length === 0,
    );
  });

  await t.test('cordoned and pressed nodes are tainted against new pods', async () => {
    await nodes.patch({ name: 'near' }, 'merge', { spec: { unschedulable: true } });
    await nodes.patch(
      { name: 'near' },
      'strategic',
      { status: { conditions: [{ type: 'MemoryPressure', status: 'True' }] } },
      { subresource: 'status' },
    );
    await eventually(
      'both',
      () => get('near'),
      (node) => taintsOf(node).join() === 'memory-pressure:NoSchedule,unschedulable:NoSchedule',
    );
  });

  await t.test('when no node is heard, nobody is evicted', async (t) => {
    alive.clear();
    for (const name of ['near', 'far']) {
      await eventually(
        `${name} is unknown`,
        () => get(name),
        (node) => readyOf(node)?.status === 'Unknown',
      );
    }
    for (const name of ['near', 'far']) {
      t.notOk(taintsOf(await get(name)).includes('unreachable:NoExecute'), name);
    }
    const backMs = Math.floor(clock.wallTime() / 1000) * 1000;
    alive.add('near');
    await setReady('near', 'True');
    const far = await eventually(
      'the other is given up once one is heard again',
      () => get('far'),
      (node) => taintsOf(node).includes('unreachable:NoExecute'),
    );
    const taint = far.spec?.taints?.find(({ effect }) => effect === 'NoExecute');
    t.ok(Date.parse(taint?.timeAdded ?? '') >= backMs, 'not before');
  });
});
