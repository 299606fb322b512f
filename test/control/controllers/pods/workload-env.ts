import type { Test } from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import type { TestEnv } from '../../../../src/cmd/testenv/start-test-env.js';
import { isPodTerminal } from '../../../../src/control/api/core-v1/pod/pod-state.js';
import type { Pod, PodTemplateSpec } from '../../../../src/control/api/gen/core-v1.js';
import { Informer, resources } from '../../../../src/control/client/index.js';
import type { ControllerDefinition } from '../../../../src/control/controllers/controller.js';
import {
  nodeNames,
  SimulatedNodes,
  simulatedDefaults,
} from '../../../../src/control/kubelet/simulated/index.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, startControllers, testEnv } from '../cluster-env.js';

/** A cluster with some controllers, and nodes that run pods. */
export interface WorkloadEnv extends TestEnv {
  readonly namespace: string;
  /** The events so far, as `Reason: message`. */
  eventTexts(): Promise<readonly string[]>;
  /** The pods of the namespace that have not ended and are not going. */
  livePods(): Promise<readonly Pod[]>;
}

/** Starts one, until the test ends: `controllers`, simulated nodes, and what gives pods to nodes. */
export async function workloadEnv(
  t: Test,
  controllers: readonly ControllerDefinition[],
  { nodes = 3 }: { readonly nodes?: number } = {},
): Promise<WorkloadEnv> {
  const env = await testEnv(t);
  const namespace = 'default';
  const accounts = env.client.objects(resources.serviceAccounts);
  await eventually(
    'a service account',
    () => accounts.list({ namespace }),
    ({ items }) => items.length > 0,
  );
  const stop = new AbortController();
  const parts = { client: env.client, clock: hostClock, prng: new Prng(1), logger: silentLogger };
  const names = nodeNames('node', nodes, 0);
  const fleet = new SimulatedNodes(parts, {
    names,
    firstIndex: 0,
    node: simulatedDefaults.node,
    pod: { ...simulatedDefaults.pod, startMs: 0, startJitter: 0, stopMs: 0 },
    hasEvents: false,
    writers: 8,
  });
  const running = [fleet.run(stop.signal), bindPods(env, names, stop.signal)];
  t.teardown(async () => {
    stop.abort();
    await Promise.all(running);
  });
  await untaintNodes(env, nodes);
  startControllers(t, env, controllers);
  return {
    ...env,
    namespace,
    eventTexts: async () => {
      const { items } = await env.client.objects(resources.events).list({ namespace });
      return items.map(({ reason, note }) => `${reason}: ${note}`);
    },
    livePods: async () => {
      const { items } = await env.client.objects(resources.pods).list({ namespace });
      return items.filter(
        (pod) => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined,
      );
    },
  };
}

/** Plays the controller of nodes' lives: the taint that new nodes have goes once they are there. */
async function untaintNodes({ client }: TestEnv, count: number): Promise<void> {
  const nodes = client.objects(resources.nodes);
  const { items } = await eventually(
    'the nodes',
    () => nodes.list(),
    (list) => list.items.length === count,
  );
  for (const { metadata } of items) {
    await nodes.patch({ name: metadata.name ?? '' }, 'merge', { spec: { taints: [] } });
  }
}

/** Plays the scheduler: the node that a pod names, or one in turn. */
async function bindPods(env: TestEnv, nodes: readonly string[], signal: AbortSignal) {
  const pods = env.client.objects(resources.pods);
  let turn = 0;
  const bind = async ({ metadata, spec }: Pod) => {
    const term = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    const wanted = term?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0];
    const node = wanted ?? nodes[turn++ % nodes.length]!;
    const { name = '', namespace = '' } = metadata;
    const target = { kind: 'Node', name: node };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
    await pods.create(binding, { subresource: 'binding' }).catch((error: unknown) => {
      const isGone = error instanceof StatusError && error.reason === 'NotFound';
      if (!isGone && !signal.aborted) throw error;
    });
  };
  const informer = new Informer({
    ...{ objects: pods, clock: hostClock, prng: new Prng(2), logger: silentLogger },
    selection: { fieldSelector: 'spec.nodeName=' },
  });
  informer.addHandler({ onAdd: (pod) => void bind(pod) });
  await informer.run(signal);
}

/** A template of pods with a label `app` and one container. */
export function template(app: string, image = 'web:1'): PodTemplateSpec {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'main', image }] } };
}
