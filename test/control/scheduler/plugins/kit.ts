import { defined } from '../../../../src/base/assert.js';
import type { Clock } from '../../../../src/base/clock.js';
import { silentLogger } from '../../../../src/base/logger.js';
import { Prng } from '../../../../src/base/prng.js';
import type { Node, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { ControlClient, SharedInformers } from '../../../../src/control/client/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { SchedulerCache } from '../../../../src/control/scheduler/cache/scheduler-cache.js';
import { PluginHandle } from '../../../../src/control/scheduler/cycle/plugin-handle.js';
import { Extenders } from '../../../../src/control/scheduler/extenders/extenders.js';
import { CycleState } from '../../../../src/control/scheduler/framework/cycle-state.js';
import type { Plugin } from '../../../../src/control/scheduler/framework/plugin.js';
import { podInfoOf } from '../../../../src/control/scheduler/framework/pod-info.js';
import {
  defaultPluginFactories,
  defaultPlugins,
} from '../../../../src/control/scheduler/plugins/default-plugins.js';
import { Nominator } from '../../../../src/control/scheduler/queue/nominator.js';
import { buildProfile } from '../../../../src/control/scheduler/runtime/build-profile.js';
import type { Profile } from '../../../../src/control/scheduler/runtime/profile.js';
import { WaitingPods } from '../../../../src/control/scheduler/runtime/waiting-pods.js';
import { hostClock } from '../../../../src/host/clock.js';
import { MemoryApi } from '../memory-api.js';

/** When it is in tests: 2026-01-02T03:04:05Z. */
export const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const clock: Clock = { ...hostClock, wallTime: () => nowMs };

/** What a test's cluster has. */
export interface KitOptions {
  readonly nodes?: readonly Node[];
  /** With `spec.nodeName`; each gets a uid of its name if it has none. */
  readonly pods?: readonly Pod[];
  /** Other objects by resource, as `services`. */
  readonly objects?: Readonly<Record<string, readonly KubeObject[]>>;
  /** Default: all default ones. */
  readonly plugins?: readonly string[];
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A profile with some plugins, and what it looks at. */
export interface Kit {
  readonly api: MemoryApi;
  readonly cache: SchedulerCache;
  readonly nominator: Nominator;
  readonly profile: Profile;
  readonly handle: PluginHandle;
  readonly informers: SharedInformers;
  readonly events: readonly string[];
  readonly activated: readonly string[];
  plugin(name: string): Plugin;
}

/** What ends with a test. */
export interface Ending {
  teardown(end: () => void | Promise<void>): void;
}

/** Builds a profile of real plugins on an API in memory, and waits until they know what is there. */
export async function kitOf(t: Ending, options: KitOptions): Promise<Kit> {
  const { nodes = [], pods = [], objects = {}, plugins, args = {} } = options;
  const api = new MemoryApi();
  const cache = new SchedulerCache();
  const nominator = new Nominator((nodeName) => cache.touch(nodeName));
  for (const node of nodes) {
    api.put('nodes', node);
    cache.setNode(node);
  }
  for (const pod of pods) {
    const known = withUid(pod);
    api.put('pods', known);
    cache.setPod(podInfoOf(known));
  }
  for (const [resource, list] of Object.entries(objects))
    for (const object of list) api.put(resource, object);
  const client = new ControlClient(api, { clock });
  const prng = new Prng(1);
  const logger = silentLogger;
  const informers = new SharedInformers({ client, clock, prng: prng.fork(), logger });
  const events: string[] = [];
  const activated: string[] = [];
  const handle = new PluginHandle(
    {
      ...{ client, informers, clock, prng, logger, cache, nominator },
      waiting: new WaitingPods(clock),
      extenders: new Extenders([], silentLogger),
      activate: (uids) => activated.push(...uids),
      events: {
        event: ({ metadata }, type, reason, message) =>
          events.push(`${type} ${reason} ${metadata.name}: ${message}`),
      },
    },
    'default-scheduler',
  );
  const profile = buildProfile(
    {
      ...{ schedulerName: 'default-scheduler', percentageOfNodesToScore: null, plugins: {} },
      pluginArguments: new Map(Object.entries(args)),
    },
    {
      ...{ factories: defaultPluginFactories, handle, nominator },
      defaults:
        plugins === undefined
          ? defaultPlugins
          : ['PrioritySort', 'DefaultBinder', ...plugins].map((name) => ({ name })),
    },
  );
  handle.attach(profile);
  const stop = new AbortController();
  const running = informers.run(stop.signal);
  t.teardown(async () => {
    stop.abort();
    await running;
  });
  await informers.untilSynced(stop.signal);
  const plugin = (name: string) =>
    defined(
      profile.plugins.find((each) => each.name === name),
      `plugin ${name}`,
    );
  return { api, cache, nominator, profile, handle, informers, events, activated, plugin };
}

function withUid(pod: Pod): Pod {
  const { metadata } = pod;
  return { ...pod, metadata: { ...metadata, uid: metadata.uid ?? metadata.name ?? '' } };
}

/** What the filters say of each node: `ok` or the reasons, with the code in front; a refusal before any node is under `*`. */
export function filtered({ profile, cache }: Kit, pod: Pod): Readonly<Record<string, string>> {
  const state = new CycleState();
  const info = podInfoOf(pod);
  const outcome = profile.preFilter(state, info, cache);
  if (outcome.kind === 'refused') return { '*': text(outcome.status) };
  const filters = profile.activeFilters(state);
  return Object.fromEntries(
    cache.all
      .filter(({ name }) => outcome.nodeNames === null || outcome.nodeNames.has(name))
      .map((node) => [node.name, text(profile.filter(filters, state, info, node))]),
  );
}

function text(
  status: { readonly code: string; readonly reasons: readonly string[] } | null,
): string {
  return status === null ? 'ok' : `${status.code}: ${status.reasons.join(', ')}`;
}

/** The normalised scores that one plugin gives to nodes; null when it has nothing to say. */
export function scored(
  { cache, plugin }: Kit,
  name: string,
  pod: Pod,
  nodeNames?: readonly string[],
): Readonly<Record<string, number>> | null {
  const scorer = plugin(name);
  const state = new CycleState();
  const info = podInfoOf(pod);
  const nodes = cache.all.filter((node) => nodeNames?.includes(node.name) ?? true);
  const answer = scorer.preScore?.(state, info, nodes) ?? null;
  if (answer === 'skip') return null;
  if (answer !== null) throw new Error(answer.reasons.join());
  const scores = Float64Array.from(nodes, (node) => scorer.score?.(state, info, node) ?? 0);
  scorer.normalizeScores?.(state, info, nodes, scores);
  return Object.fromEntries(nodes.map((node, at) => [node.name, scores[at] as number]));
}
