import { AssertionError } from '../../../base/assert.js';
import type { PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type {
  PreemptionExtender,
  ProposedVictims,
  SchedulerHandle,
} from '../framework/scheduler-handle.js';
import { failure } from '../plugins/statuses.js';
import { type Victims, victimsOf } from './select-victims.js';

/** Lets extenders strike out candidates, or change their victims, one extender after the other. A status: one of them failed. */
export async function askExtenders(
  extenders: readonly PreemptionExtender[],
  pod: PodInfo,
  candidates: readonly Victims[],
  handle: Pick<SchedulerHandle, 'snapshot' | 'logger' | 'clock'>,
): Promise<readonly Victims[] | PluginStatus> {
  let proposed: ReadonlyMap<string, ProposedVictims> = new Map(
    candidates.map((victims) => [victims.nodeName, victims]),
  );
  for (const extender of extenders) {
    if (proposed.size === 0) break;
    try {
      const answer = await extender.processPreemption(pod, proposed, handle.snapshot());
      proposed = checked(answer, extender);
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      const text = error instanceof Error ? error.message : String(error);
      if (!extender.isIgnorable) return failure(text);
      handle.logger.warn('an extender is left out of a preemption', {
        ...{ extender: extender.name, pod: pod.key, error: text },
      });
    }
  }
  const nowMs = handle.clock.wallTime();
  return [...proposed].map(([nodeName, { pods, budgetViolations }]) =>
    victimsOf(nodeName, pods, budgetViolations, nowMs),
  );
}

/** A node without victims is none to preempt on. */
function checked(
  answer: ReadonlyMap<string, ProposedVictims>,
  { isIgnorable }: PreemptionExtender,
): ReadonlyMap<string, ProposedVictims> {
  return new Map(
    [...answer].filter(([nodeName, { pods }]) => {
      if (pods.length > 0) return true;
      if (isIgnorable) return false;
      throw new Error(`expected at least one victim pod on node ${JSON.stringify(nodeName)}`);
    }),
  );
}
