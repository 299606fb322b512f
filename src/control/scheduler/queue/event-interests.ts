import type {
  ClusterEvent,
  ClusterEventInterest,
  EventResource,
} from '../framework/cluster-event.js';
import type { PodInfo } from '../framework/node-info.js';
import type { Plugin } from '../framework/plugin.js';

/** What an event means for a pod that was refused. */
export type RequeueHint = 'skip' | 'after-pause' | 'at-once';

/** Stands for all changes: pods are tried again whatever refused them. */
export const anyChange: ClusterEvent = {
  resource: '*',
  action: 'update',
  before: null,
  after: null,
};

const everything: readonly ClusterEventInterest[] = [{ resource: '*', actions: ['update'] }];

/** Which changes of the cluster the plugins of one profile want their refused pods to be tried again for. */
export class EventInterests {
  readonly #byPlugin = new Map<string, readonly ClusterEventInterest[]>();

  constructor(plugins: readonly Plugin[]) {
    for (const plugin of plugins)
      this.#byPlugin.set(plugin.name, plugin.eventsToRegister?.() ?? everything);
  }

  /** The resources that any plugin asks for. */
  resources(): ReadonlySet<EventResource> {
    return new Set([...this.#byPlugin.values()].flat().map(({ resource }) => resource));
  }

  /** Whether a plugin asks for such events at all. */
  concerns(plugin: string, event: ClusterEvent): boolean {
    if (event.resource === '*') return true;
    const interests = this.#byPlugin.get(plugin) ?? everything;
    return interests.some((interest) => isOf(interest, event));
  }

  /** Whether a plugin that refused the pod thinks that the event helps. A hint that fails counts as yes. */
  helps(plugin: string, pod: PodInfo, event: ClusterEvent): boolean {
    if (event.resource === '*') return true;
    const interests = this.#byPlugin.get(plugin) ?? everything;
    return interests.some(
      (interest) => isOf(interest, event) && hintOf(interest, pod, event) === 'queue',
    );
  }
}

function isOf({ resource, actions }: ClusterEventInterest, event: ClusterEvent): boolean {
  if (resource === '*') return true;
  const isResource =
    resource === event.resource ||
    (resource === 'Pod' &&
      (event.resource === 'AssignedPod' || event.resource === 'UnscheduledPod'));
  if (!isResource) return false;
  return (
    actions.includes(event.action) ||
    (event.action.startsWith('update') && actions.includes('update')) ||
    (event.action === 'update' && actions.some((action) => action.startsWith('update')))
  );
}

function hintOf(
  { hint }: ClusterEventInterest,
  pod: PodInfo,
  event: ClusterEvent,
): 'queue' | 'skip' {
  return hint?.(pod, event) ?? 'queue';
}
