import t, { type Test } from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import { startTestEnv, type TestEnv } from '../../../../src/cmd/testenv/index.js';
import { isPodReady } from '../../../../src/control/api/core-v1/pod/pod-state.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  ControlClient,
  RestTransport,
  readKubeconfig,
  resources,
} from '../../../../src/control/client/index.js';
import {
  type ApiCall,
  type CallControl,
  type Transport,
  UnreachableError,
  type WatchCall,
  type WatchEvent,
} from '../../../../src/control/client/transport.js';
import {
  nodeNames,
  SimulatedNodes,
  simulatedDefaults,
} from '../../../../src/control/kubelet/simulated/index.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { hostClock } from '../../../../src/host/clock.js';
import { until } from './until.js';

const namespace = 'default';

/** Runs a fleet until the returned function is called. */
function startFleet({ client }: Pick<TestEnv, 'client'>, startMs = 0) {
  const parts = { client, clock: hostClock, prng: new Prng(1), logger: silentLogger };
  const nodes = new SimulatedNodes(parts, {
    names: nodeNames('node', 3, 0),
    firstIndex: 0,
    node: { ...simulatedDefaults.node, zones: ['a', 'b'], leaseSeconds: 1 },
    pod: { ...simulatedDefaults.pod, startMs, startJitter: 0, stopMs: 0 },
    hasEvents: true,
    writers: 4,
  });
  const stop = new AbortController();
  const running = nodes.run(stop.signal);
  return {
    nodes,
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

function pod(name: string, nodeName: string, rest: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { name, namespace },
    spec: { nodeName, containers: [{ name: 'main', image: 'web:1' }], ...rest },
  };
}

async function isGone(get: Promise<unknown>): Promise<boolean> {
  try {
    await get;
    return false;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return true;
    throw error;
  }
}

t.test('SimulatedNodes: against an API server', async (t) => {
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const accounts = env.client.objects(resources.serviceAccounts);
  const account = { namespace, name: 'default' };
  await until(t, 'pods can be made', async () => !(await isGone(accounts.get(account))));
  await t.test('nodes register, report and renew their leases', (t) => registers(t, env));
  await t.test('pods run, and go when they are deleted', (t) => runsPods(t, env));
  await t.test('a node without power does nothing', (t) => losesPower(t, env));
  await t.test('a fleet goes on where another ended', (t) => goesOn(t, env));
  await t.test('pods begin though the first lease could not be written', (t) =>
    beginsWithoutLease(t, env),
  );
  await t.test('a deletion that is told after a write that came later is seen', (t) =>
    seesLateDeletion(t, env),
  );
});

async function registers(t: Test, env: TestEnv): Promise<void> {
  const fleet = startFleet(env);
  t.teardown(fleet.end);
  const nodes = env.client.objects(resources.nodes);
  const leases = env.client.objects(resources.leases);
  const isReady = ({ status }: Node) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
  await until(t, 'all are registered', async () => {
    const { items } = await nodes.list();
    return items.length === 3 && items.every(isReady);
  });
  const { items } = await nodes.list();
  t.same(
    items.map(({ metadata }) => metadata.labels?.['topology.kubernetes.io/zone']),
    ['a', 'b', 'a'],
  );
  const [first] = items;
  t.match(first?.status, {
    capacity: { cpu: '32', pods: '110' },
    nodeInfo: { operatingSystem: 'linux' },
  });
  const ready = first?.status?.conditions?.find(({ type }) => type === 'Ready');
  t.match(ready, { status: 'True', reason: 'KubeletReady' });
  const lease = { namespace: 'kube-node-lease', name: 'node-2' };
  let renewed = '';
  await until(t, 'there is a lease', async () => {
    if (await isGone(leases.get(lease))) return false;
    const { spec, metadata } = await leases.get(lease);
    renewed = spec?.renewTime ?? '';
    t.equal(metadata.ownerReferences?.[0]?.kind, 'Node');
    return true;
  });
  await until(t, 'it is renewed', async () => {
    return (await leases.get(lease)).spec?.renewTime !== renewed;
  });
}

async function runsPods(t: Test, env: TestEnv): Promise<void> {
  const fleet = startFleet(env);
  t.teardown(fleet.end);
  const pods = env.client.objects(resources.pods);
  await pods.create(pod('web', 'node-0'));
  await pods.create(pod('elsewhere', 'other-node'));
  const at = { namespace, name: 'web' };
  await until(t, 'it runs', async () => (await pods.get(at)).status?.phase === 'Running');
  const { status } = await pods.get(at);
  t.match(status, { hostIP: '172.16.0.1', qosClass: 'BestEffort' });
  t.match(status?.podIP, /^10\.128\.0\.\d+$/);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  t.same([ready?.status, ready?.reason], ['True', undefined]);
  const events = env.client.objects(resources.events);
  await until(t, 'its events are written', async () => {
    const { items } = await events.list({ namespace });
    const reasons = items.map(({ reason }) => reason);
    return ['Pulled', 'Created', 'Started'].every((each) => reasons.includes(each));
  });
  await pods.delete(at);
  await until(t, 'it goes', () => isGone(pods.get(at)));
  const elsewhere = await pods.get({ namespace, name: 'elsewhere' });
  t.equal(elsewhere.status?.phase, 'Pending', 'pods of other nodes are left alone');
  await pods.delete({ namespace, name: 'elsewhere' }, { gracePeriodSeconds: 0 });
}

/** A node is deleted while it has no power, and made again when it has. */
async function registersAnew(t: Test, env: TestEnv, fleet: SimulatedNodes): Promise<void> {
  const nodes = env.client.objects(resources.nodes);
  const name = 'node-2';
  const { metadata } = await nodes.get({ name });
  fleet.stopNode(name);
  await nodes.delete({ name });
  fleet.startNode(name);
  await until(t, 'it is there again', async () => !(await isGone(nodes.get({ name }))));
  t.not((await nodes.get({ name })).metadata.uid, metadata.uid);
}

async function losesPower(t: Test, env: TestEnv): Promise<void> {
  const fleet = startFleet(env);
  t.teardown(fleet.end);
  const pods = env.client.objects(resources.pods);
  const isRegistered = () => fleet.nodes.state.nodes.every((each) => each.isRegistered);
  await until(t, 'all are registered', async () => isRegistered());
  t.notOk(fleet.nodes.stopNode('node-9'), 'one that is not there is not stopped');
  t.ok(fleet.nodes.stopNode('node-1'));
  await pods.create(pod('dark', 'node-1'));
  await pods.create(pod('light', 'node-2'));
  const phase = async (name: string) => (await pods.get({ namespace, name })).status?.phase;
  await until(t, 'the other node works', async () => (await phase('light')) === 'Running');
  t.equal(await phase('dark'), 'Pending', 'nothing happens there');
  t.ok(fleet.nodes.startNode('node-1'));
  await until(t, 'it works again', async () => (await phase('dark')) === 'Running');
  const nodes = env.client.objects(resources.nodes);
  await registersAnew(t, env, fleet.nodes);
  // As the node lifecycle controller does with nodes of which nothing is heard.
  const lost = { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
  await nodes.patch({ name: 'node-1' }, 'strategic', lost, { subresource: 'status' });
  await until(t, 'a node that is there says so', async () => {
    const { status } = await nodes.get({ name: 'node-1' });
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  });
  // As it does with pods of lost nodes.
  const conditions = [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }];
  const patch = { status: { conditions } };
  const options = { subresource: 'status' };
  await pods.patch({ namespace, name: 'dark' }, 'strategic', patch, options);
  await until(t, 'what others say of the pod is put right', async () => {
    const { status } = await pods.get({ namespace, name: 'dark' });
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  });
}

async function goesOn(t: Test, env: TestEnv): Promise<void> {
  const pods = env.client.objects(resources.pods);
  const isRunning = async (name: string) => isPodReady(await pods.get({ namespace, name }));
  const first = startFleet(env);
  await pods.create(pod('stays', 'node-0'));
  await until(t, 'it runs', () => isRunning('stays'));
  await first.end();
  const before = await pods.get({ namespace, name: 'stays' });
  const second = startFleet(env);
  t.teardown(second.end);
  await pods.create(pod('next', 'node-0'));
  await until(t, 'the next one runs', () => isRunning('next'));
  const after = await pods.get({ namespace, name: 'stays' });
  t.equal(after.metadata.resourceVersion, before.metadata.resourceVersion, 'it was not written');
  const next = await pods.get({ namespace, name: 'next' });
  t.not(next.status?.podIP, after.status?.podIP, 'its address is its own still');
}

async function beginsWithoutLease(t: Test, env: TestEnv): Promise<void> {
  const pods = env.client.objects(resources.pods);
  await pods.create(pod('early', 'node-0'));
  const way = new SlowRegistration(await restOf(env));
  const fleet = startFleet(clientOf(t, way));
  t.teardown(fleet.end);
  const at = { namespace, name: 'early' };
  await until(t, 'it runs', async () => (await pods.get(at)).status?.phase === 'Running');
  await until(t, 'a lease could not be written', async () => way.refused > 0);
}

async function seesLateDeletion(t: Test, env: TestEnv): Promise<void> {
  const pods = env.client.objects(resources.pods);
  const way = new HeldEvents(await restOf(env));
  const fleet = startFleet(clientOf(t, way), 300);
  t.teardown(fleet.end);
  await pods.create(pod('late', 'node-0'));
  const at = { namespace, name: 'late' };
  await until(
    t,
    'it is taken up',
    async () => (await pods.get(at)).status?.startTime !== undefined,
  );
  const release = way.hold();
  await pods.delete(at);
  await until(t, 'it starts all the same', async () => isPodReady(await pods.get(at)));
  t.ok((await pods.get(at)).metadata.deletionTimestamp);
  await until(t, 'it knows that it was written', async () => way.underWay === 0);
  release();
  await until(t, 'it goes', () => isGone(pods.get(at)));
}

async function restOf({ kubeconfig }: TestEnv): Promise<Transport> {
  const access = await readKubeconfig(kubeconfig);
  return new RestTransport({ access, clock: hostClock, userAgent: 'test' });
}

function clientOf(t: Test, way: Transport): { readonly client: ControlClient } {
  const client = new ControlClient(way, { clock: hostClock });
  t.teardown(() => client.close());
  return { client };
}

/** The way to the server as it is. */
class PlainWay implements Transport {
  readonly #inner: Transport;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    return this.#inner.call(call, control);
  }

  watch(call: WatchCall, control?: CallControl): AsyncIterable<WatchEvent> {
    return this.#inner.watch(call, control);
  }

  document(path: string, accept: string, control?: CallControl): Promise<Uint8Array> {
    return this.#inner.document(path, accept, control);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** Nodes are registered after the runner has seen their pods, and the first writes of their leases fail. */
class SlowRegistration extends PlainWay {
  readonly #registration: Promise<void>;
  #release: () => void = () => {};
  refused = 0;

  constructor(inner: Transport) {
    super(inner);
    this.#registration = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  override async call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    const { resource } = call.resource;
    if (resource === 'nodes' && call.verb !== 'list') await this.#registration;
    if (resource === 'leases' && call.verb === 'create' && this.refused < 3) {
      this.refused++;
      throw new UnreachableError('the connection broke');
    }
    return super.call(call, control);
  }

  override watch(call: WatchCall, control?: CallControl): AsyncIterable<WatchEvent> {
    // What was listed has been looked at by the next turn of the loop.
    if (call.resource.resource === 'pods') setImmediate(this.#release);
    return super.watch(call, control);
  }
}

/** Events can be held up, while answers come. */
class HeldEvents extends PlainWay {
  #held: Promise<void> = Promise.resolve();
  /** Writes to pods that were not answered yet. */
  underWay = 0;

  override async call(call: ApiCall, control?: CallControl): Promise<Uint8Array> {
    if (call.resource.resource !== 'pods') return super.call(call, control);
    this.underWay++;
    try {
      return await super.call(call, control);
    } finally {
      this.underWay--;
    }
  }

  /** No event comes from now on, until what it returns is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  override async *watch(call: WatchCall, control?: CallControl): AsyncGenerator<WatchEvent> {
    for await (const event of super.watch(call, control)) {
      await this.#held;
      yield event;
    }
  }
}
