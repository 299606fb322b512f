import type { Deployment, ReplicaSet } from '../../api/gen/apps-v1.js';
import { type ControlClient, type EventRecorder, resources } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { isControlledBy, type OwnWrites, sameStatus, withCondition } from '../pods/index.js';
import {
  ignoreNotFound,
  isAlreadyExists,
  isNamespaceTerminating,
} from '../runtime/write-failures.js';
import { revisionAnnotation } from './annotations.js';
import type { DeploymentPlan } from './plan.js';
import {
  deploymentCondition,
  hasProgressDeadline,
  progressing,
  progressReasons,
} from './progress.js';
import { comparableTemplate, replicasOf } from './replica-sets.js';
import type { SetChange } from './rollout.js';

/** What plans are carried out with. */
export interface ExecutorParts {
  readonly client: ControlClient;
  readonly events: EventRecorder;
  readonly writes: OwnWrites<ReplicaSet>;
  readonly nowMs: () => number;
}

/** Carries a plan out. Rejects with StatusError and UnreachableError; what was done until then stays, and the next plan goes on from there. */
export async function executePlan(
  deployment: Deployment,
  plan: DeploymentPlan,
  parts: ExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  for (const change of plan.changes) {
    if (change.before !== null) await updateSet(deployment, change, parts, signal);
    else if (!(await createSet(deployment, change.after, parts, signal))) return;
  }
  for (const { metadata } of plan.deletions) {
    const { name = '', namespace = '', uid = '' } = metadata;
    const options = { preconditions: { uid }, signal };
    const sets = parts.client.objects(resources.replicaSets);
    await sets.delete({ namespace, name }, options).catch(ignoreNotFound);
  }
  await tell(deployment, plan, parts, signal);
}

async function updateSet(
  deployment: Deployment,
  { before, after }: SetChange,
  { client, events, writes }: ExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  writes.remember(await client.objects(resources.replicaSets).update(after, { signal }));
  if (before !== null) tellScaled(deployment, after, replicasOf(before), events);
}

function tellScaled(
  deployment: Deployment,
  set: ReplicaSet,
  before: number,
  events: EventRecorder,
): void {
  const replicas = replicasOf(set);
  if (replicas === before) return;
  const way = replicas > before ? 'up' : 'down';
  const name = set.metadata.name ?? '';
  const text = `Scaled ${way} replica set ${name} from ${before} to ${replicas}`;
  events.event(deployment, 'Normal', 'ScalingReplicaSet', text);
}

/** False: it is not there and the rest of the plan can wait; the Deployment will be looked at again. */
async function createSet(
  deployment: Deployment,
  set: ReplicaSet,
  parts: ExecutorParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { client, events, writes } = parts;
  try {
    writes.remember(await client.objects(resources.replicaSets).create(set, { signal }));
    tellScaled(deployment, set, 0, events);
    return true;
  } catch (error) {
    if (isNamespaceTerminating(error)) return false;
    if (isAlreadyExists(error)) await resolveTakenName(deployment, set, parts, signal);
    else if (error instanceof StatusError) await tellFailure(deployment, set, error, parts, signal);
    throw error;
  }
}

/** The name is taken: by what was made before and not seen yet, or by another template of the same hash; then the next one differs. */
async function resolveTakenName(
  deployment: Deployment,
  set: ReplicaSet,
  { client, writes }: ExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  const { namespace = '', name = '' } = set.metadata;
  const taken = await client.objects(resources.replicaSets).get({ namespace, name }, { signal });
  const isSame =
    comparableTemplate(taken.spec?.template) === comparableTemplate(set.spec?.template);
  if (isControlledBy(taken, deployment) && isSame) {
    writes.remember(taken);
    return;
  }
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  const status = { ...deployment.status, collisionCount };
  await client.objects(resources.deployments).updateStatus({ ...deployment, status }, { signal });
}

async function tellFailure(
  deployment: Deployment,
  set: ReplicaSet,
  error: StatusError,
  { client, events, nowMs }: ExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  const reason = progressReasons.createError;
  const message = `Failed to create new replica set "${set.metadata.name ?? ''}": ${error.message}`;
  events.event(deployment, 'Warning', reason, message);
  if (!hasProgressDeadline(deployment)) return;
  const failure = deploymentCondition(
    { type: progressing, status: 'False', reason, message },
    nowMs(),
  );
  const conditions = withCondition(deployment.status?.conditions ?? [], failure);
  const status = { ...deployment.status, conditions };
  if (sameStatus(status, deployment.status)) return;
  const written = client
    .objects(resources.deployments)
    .updateStatus({ ...deployment, status }, { signal });
  // The failure itself is what the caller gets to know, and tries again for.
  await written.catch((other: unknown) => {
    if (!(other instanceof StatusError)) throw other;
  });
}

async function tell(
  deployment: Deployment,
  { status, revision }: DeploymentPlan,
  { client }: ExecutorParts,
  signal: AbortSignal,
): Promise<void> {
  if (revision === null && sameStatus(status, deployment.status)) return;
  const { annotations } = deployment.metadata;
  const metadata: KubeObject['metadata'] =
    revision === null
      ? deployment.metadata
      : { ...deployment.metadata, annotations: { ...annotations, [revisionAnnotation]: revision } };
  await client
    .objects(resources.deployments)
    .updateStatus({ ...deployment, metadata, status }, { signal })
    .catch(ignoreNotFound);
}
