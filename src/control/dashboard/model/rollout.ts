import { type ApiObject, conditionOf } from './api-object.js';
import type { Tone } from './tone.js';

/** How far a workload is with what is asked of it. */
export interface RolloutState {
  readonly text: string;
  readonly tone: Tone;
}

const done = (text: string): RolloutState => ({ text, tone: 'good' });
const busy = (text: string): RolloutState => ({ text, tone: 'busy' });
const failed = (text: string): RolloutState => ({ text, tone: 'bad' });

/** How far a workload is, by its kind; null for kinds that roll nothing out. */
export function rolloutOf(object: ApiObject): RolloutState | null {
  switch (object.kind) {
    case 'Deployment':
      return isUnseen(object) ? waiting : deploymentState(object);
    case 'StatefulSet':
      return isUnseen(object) ? waiting : statefulSetState(object);
    case 'DaemonSet':
      return isUnseen(object) ? waiting : daemonSetState(object);
    case 'ReplicaSet':
    case 'ReplicationController':
      return isUnseen(object) ? waiting : replicaSetState(object);
    case 'Job':
      return jobState(object);
    case 'CronJob':
      return cronJobState(object);
    default:
      return null;
  }
}

const waiting = busy('waiting for the controller to see the change');

/** Its controller has not looked at it since it was changed. */
function isUnseen({ metadata, status }: ApiObject): boolean {
  return (metadata.generation ?? 0) > (status?.observedGeneration ?? 0);
}

function deploymentState(object: ApiObject): RolloutState {
  const { spec, status = {} } = object;
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status;
  const progress = conditionOf(object, 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded')
    return failed('it takes longer than its progress deadline');
  if (spec?.paused === true) return busy(`paused; ${updated} of ${wanted} updated`);
  if (updated < wanted) return busy(`${updated} of ${wanted} updated`);
  if (replicas > updated) return busy(`${replicas - updated} old ones are still there`);
  if (available < updated) return busy(`${available} of ${updated} available`);
  return done(`${available} of ${wanted} available`);
}

function statefulSetState({ spec, status = {} }: ApiObject): RolloutState {
  const wanted = spec?.replicas ?? 1;
  const { readyReplicas: ready = 0, updatedReplicas: updated = 0 } = status;
  if (ready < wanted) return busy(`${ready} of ${wanted} ready`);
  const isRolling = status.updateRevision !== status.currentRevision;
  if (isRolling && spec?.updateStrategy?.type !== 'OnDelete')
    return busy(`${updated} of ${wanted} updated`);
  return done(`${ready} of ${wanted} ready`);
}

function daemonSetState({ spec, status = {} }: ApiObject): RolloutState {
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled: updated = 0 } = status;
  const { numberAvailable: available = 0 } = status;
  if (updated < wanted && spec?.updateStrategy?.type !== 'OnDelete')
    return busy(`${updated} of ${wanted} updated`);
  if (available < wanted) return busy(`${available} of ${wanted} available`);
  return done(`${available} of ${wanted} available`);
}

function replicaSetState({ spec, status = {} }: ApiObject): RolloutState {
  const wanted = spec?.replicas ?? 1;
  const ready = status.readyReplicas ?? 0;
  return ready < wanted ? busy(`${ready} of ${wanted} ready`) : done(`${ready} of ${wanted} ready`);
}

function jobState(object: ApiObject): RolloutState {
  const { spec, status = {} } = object;
  const { succeeded = 0, failed: failures = 0, active = 0 } = status;
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True')
    return failed(`failed: ${failure.message ?? failure.reason ?? ''}`);
  if (conditionOf(object, 'Complete')?.status === 'True')
    return done(`complete, ${succeeded} succeeded`);
  if (spec?.suspend === true) return busy('suspended');
  const of = spec?.completions === undefined ? '' : ` of ${spec.completions}`;
  return busy(`${succeeded}${of} succeeded, ${Number(active)} active, ${failures} failed`);
}

function cronJobState({ spec, status = {} }: ApiObject): RolloutState {
  if (spec?.suspend === true) return busy('suspended');
  const active = Array.isArray(status.active) ? status.active.length : 0;
  const last =
    status.lastScheduleTime === undefined
      ? 'has not run yet'
      : `last at ${status.lastScheduleTime}`;
  return done(`${spec?.schedule ?? ''}, ${active} active, ${last}`);
}
