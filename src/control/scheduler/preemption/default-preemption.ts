import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { PodDisruptionBudget } from '../../api/gen/policy-v1.js';
import { resources } from '../../client/index.js';
import { misfitMessage } from '../cycle/failure-message.js';
import type { PodInfo } from '../framework/node-info.js';
import type { NodeStatuses, Plugin, PluginStatus, PostFilterResult } from '../framework/plugin.js';
import type { PreemptionExtender, SchedulerHandle } from '../framework/scheduler-handle.js';
import { unresolvable, unschedulable } from '../plugins/statuses.js';
import { askExtenders } from './ask-extenders.js';
import { Evictor } from './evict-victims.js';
import { type Budgets, findCandidates } from './find-candidates.js';
import { pickVictims } from './pick-victims.js';
import { preemptionArgs } from './preemption-args.js';
import type { Victims } from './select-victims.js';
import { VictimMemo } from './victim-memo.js';

const name = 'DefaultPreemption';
const notHelpful = unresolvable('Preemption is not helpful for scheduling');
const evicting = unresolvable('waiting for the preemption for this pod to be finished');

const noCandidate: PostFilterResult = {
  nominatedNodeName: '',
  refusal: unschedulable('preemption: no candidate node for preemption'),
};

/** Makes pods of less priority give way to a pod that fits nowhere. */
export function defaultPreemption(args: unknown, handle: SchedulerHandle): Plugin {
  const parsed = preemptionArgs(args);
  const budgets = budgetsOf(handle);
  const evictor = new Evictor(handle, name);
  const memo = new VictimMemo();

  function preempt(
    state: Parameters<NonNullable<Plugin['postFilter']>>[0],
    pod: PodInfo,
    refused: NodeStatuses,
  ): PostFilterResult | PluginStatus | Promise<PostFilterResult | PluginStatus> {
    const ineligible = whyNotEligible(pod, refused, handle);
    if (ineligible !== null) return unschedulable(`preemption: ${ineligible}`);
    const nowMs = handle.clock.wallTime();
    const { candidates, statuses, error } = findCandidates({
      ...{ handle, state, pod, refused, memo, nowMs },
      ...{ args: parsed, budgets: budgets() },
    });
    if (candidates.length > 0) {
      const extenders = handle.preemptionExtenders(pod);
      return extenders.length === 0
        ? begin(pod, candidates)
        : extended(pod, candidates, extenders, statuses);
    }
    return refusalOf(statuses, error);
  }

  function begin(pod: PodInfo, candidates: readonly Victims[]): PostFilterResult {
    const victims = pickVictims(candidates);
    evictor.begin(pod, victims);
    return { nominatedNodeName: victims.nodeName };
  }

  async function extended(
    pod: PodInfo,
    candidates: readonly Victims[],
    extenders: readonly PreemptionExtender[],
    statuses: ReadonlyMap<string, PluginStatus>,
  ): Promise<PostFilterResult | PluginStatus> {
    const left = await askExtenders(extenders, pod, candidates, handle);
    if ('code' in left) return refusalOf(statuses, left);
    return left.length > 0 ? begin(pod, left) : noCandidate;
  }

  function refusalOf(
    statuses: ReadonlyMap<string, PluginStatus>,
    error: PluginStatus | null,
  ): PostFilterResult | PluginStatus {
    if (error !== null) {
      return { ...error, reasons: error.reasons.map((reason) => `preemption: ${reason}`) };
    }
    const misfit = misfitMessage({
      nodeCount: handle.snapshot().all.length,
      statuses: { byNode: statuses, others: notHelpful },
      ...{ preFilterMessage: '', postFilterMessage: '' },
    });
    return { nominatedNodeName: '', refusal: unschedulable(`preemption: ${misfit}`) };
  }

  return {
    name,
    preEnqueue: ({ uid }) => (evictor.isEvictingFor(uid) ? evicting : null),
    eventsToRegister: () => [
      {
        resource: 'AssignedPod',
        actions: ['delete'],
        hint: ({ uid }) => (evictor.isEvictingFor(uid) ? 'skip' : 'queue'),
      },
    ],
    postFilter: preempt,
  };
}

/** Why the pod may not make others go; null when it may. */
function whyNotEligible(
  pod: PodInfo,
  { byNode, others }: NodeStatuses,
  handle: SchedulerHandle,
): string | null {
  if (pod.pod.spec?.preemptionPolicy === 'Never') {
    return 'not eligible due to preemptionPolicy=Never.';
  }
  const nominated = pod.pod.status?.nominatedNodeName ?? '';
  if (nominated === '') return null;
  // That node cannot be had any more.
  if ((byNode.get(nominated) ?? others)?.code === 'unresolvable') return null;
  const isGoing = handle
    .snapshot()
    .get(nominated)
    ?.pods.some((other) => other.priority < pod.priority && isPreempted(other));
  return isGoing === true ? 'not eligible due to a terminating pod on the nominated node.' : null;
}

function isPreempted({ pod }: PodInfo): boolean {
  if (pod.metadata.deletionTimestamp === undefined) return false;
  const condition = podCondition(pod, 'DisruptionTarget');
  return condition?.status === 'True' && condition.reason === 'PreemptionByScheduler';
}

/** Budgets as they are known, listed again only after a change. */
function budgetsOf({ informers }: SchedulerHandle): () => Budgets {
  const informer = informers.of(resources.podDisruptionBudgets);
  let version = 0;
  let known: readonly PodDisruptionBudget[] | null = null;
  const changed = () => {
    version++;
    known = null;
  };
  informer.addHandler({ onAdd: changed, onUpdate: changed, onDelete: changed });
  return () => {
    known ??= [...informer.lister.all()];
    return { version, list: known };
  };
}
