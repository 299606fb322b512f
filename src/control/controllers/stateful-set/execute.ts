import { unreachable } from '../../../base/assert.js';
import type { StatefulSet } from '../../api/gen/apps-v1.js';
import type { PersistentVolumeClaim, Pod } from '../../api/gen/core-v1.js';
import {
  type ControlClient,
  type EventRecorder,
  type Expectations,
  objectKey,
  resources,
} from '../../client/index.js';
import { conflict } from '../../machinery/status-errors.js';
import { type OwnWrites, slowStart } from '../pods/index.js';
import { isAlreadyExists, isNamespaceTerminating, isNotFound } from '../runtime/write-failures.js';
import type { PodSteps, StatefulAction, StatefulPlan } from './plan.js';

/** What plans are carried out with. */
export interface StatefulExecutorParts {
  readonly client: ControlClient;
  readonly events: EventRecorder;
  readonly writes: OwnWrites<Pod>;
  /** Told of deletions before they are asked for, and of those that fail. */
  readonly expectations: Expectations;
}

/** Carries a plan out, phase by phase, and tells of it in events of the set. Rejects with the first failure; later phases wait then. */
export async function executeStatefulPlan(
  set: StatefulSet,
  { phases }: StatefulPlan,
  parts: StatefulExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  const deletions = phases
    .flat(2)
    .flatMap((action) => (action.kind === 'delete-pod' ? [action.pod.metadata.uid ?? ''] : []));
  const asked = new Set<string>();
  if (deletions.length > 0) parts.expectations.expect(objectKey(set), { deletions });
  try {
    await runPhases(set, { phases }, { ...parts, asked }, signal);
  } finally {
    for (const uid of deletions) {
      if (!asked.has(uid)) parts.expectations.onDeleted(objectKey(set), uid);
    }
  }
}

/** With the UIDs of the pods whose deletion the server has taken up. */
type RunParts = StatefulExecutorParts & { readonly asked: Set<string> };

async function runPhases(
  set: StatefulSet,
  { phases }: StatefulPlan,
  parts: RunParts,
  signal: AbortSignal,
): Promise<void> {
  for (const phase of phases) {
    const { error } = await slowStart(phase.length, async (at) => {
      const steps: PodSteps = phase[at] ?? [];
      for (const action of steps) await act(set, action, parts, signal);
    });
    if (error !== null && !isNamespaceTerminating(error)) throw error;
    if (error !== null) return;
  }
}

async function act(
  set: StatefulSet,
  action: StatefulAction,
  parts: RunParts,
  signal: AbortSignal,
): Promise<void> {
  const pods = parts.client.objects(resources.pods);
  const claims = parts.client.objects(resources.persistentVolumeClaims);
  switch (action.kind) {
    case 'create-claim':
      return told(set, claimTexts(set, action), parts, async () => {
        await claims.create(action.claim, { signal });
      });
    case 'update-claim':
      await claims.update(action.claim, { signal });
      return;
    case 'create-pod':
      return told(set, podTexts(set, 'create', action.pod), parts, async () => {
        parts.writes.remember(await pods.create(action.pod, { signal }));
      });
    case 'update-pod':
      return told(set, podTexts(set, 'update', action.pod), parts, async () => {
        parts.writes.remember(await pods.update(action.pod, { signal }));
      });
    case 'delete-pod':
      return deletePod(set, action.pod, parts, signal);
    case 'wait-for-claim': {
      const name = action.claim.metadata.name ?? '';
      throw conflict(claims.resource, name, `pvc ${name} is being deleted`);
    }
    default:
      return unreachable(action);
  }
}

async function deletePod(
  set: StatefulSet,
  pod: Pod,
  parts: RunParts,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name = '', uid = '' } = pod.metadata;
  const options = { preconditions: { uid }, signal };
  try {
    await told(set, podTexts(set, 'delete', pod), parts, () =>
      parts.client.objects(resources.pods).delete({ namespace, name }, options),
    );
    parts.asked.add(uid);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

interface EventTexts {
  /** `Create`, as in `SuccessfulCreate`. */
  readonly verb: string;
  readonly success: string;
  readonly failure: string;
}

/** Does something and tells how it went. What is there already, or gone already, is no news. */
async function told(
  set: StatefulSet,
  { verb, success, failure }: EventTexts,
  { events }: StatefulExecutorParts,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    const isNews = !isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error);
    const text = error instanceof Error ? error.message : String(error);
    if (isNews) events.event(set, 'Warning', `Failed${verb}`, `${failure} failed error: ${text}`);
    throw error;
  }
  events.event(set, 'Normal', `Successful${verb}`, success);
}

function podTexts(set: StatefulSet, verb: 'create' | 'update' | 'delete', pod: Pod): EventTexts {
  const text = `${verb} Pod ${pod.metadata.name ?? ''} in StatefulSet ${set.metadata.name ?? ''}`;
  const title = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
  return { verb: title, success: `${text} successful`, failure: text };
}

function claimTexts(
  { metadata }: StatefulSet,
  { claim, pod }: { readonly claim: PersistentVolumeClaim; readonly pod: Pod },
): EventTexts {
  const [claimName, podName] = [claim.metadata.name ?? '', pod.metadata.name ?? ''];
  const where = `Pod ${podName} in StatefulSet ${metadata.name ?? ''}`;
  return {
    verb: 'Create',
    success: `create Claim ${claimName} ${where} success`,
    failure: `create Claim ${claimName} for ${where}`,
  };
}
