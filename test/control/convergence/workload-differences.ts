import type {
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../../src/control/api/gen/apps-v1.js';
import type { Job } from '../../../src/control/api/gen/batch-v1.js';
import type { Node, Pod, ReplicationController } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import type { KubeObject } from '../../../src/control/machinery/object.js';
import { type ClusterState, told } from './cluster-state.js';

/** In what Deployments, ReplicaSets, StatefulSets and DaemonSets differ from what they declare. */
export function* workloadDifferences(state: ClusterState): Generator<string> {
  for (const each of state.of(resources.deployments)) yield* deployment(state, each);
  for (const each of state.of(resources.replicaSets)) yield* replicated(state, each);
  for (const each of state.of(resources.replicationControllers)) yield* replicated(state, each);
  for (const each of state.of(resources.statefulSets)) yield* statefulSet(state, each);
  for (const each of state.of(resources.daemonSets)) yield* daemonSet(state, each);
}

/** In what Jobs differ, and CronJobs. */
export function* batchDifferences(state: ClusterState): Generator<string> {
  for (const each of state.of(resources.jobs)) yield* job(state, each);
  for (const each of state.of(resources.cronJobs)) {
    const { spec, status } = each;
    const own = state.controlledBy(resources.jobs, each);
    const wanted = own.filter((job) => !hasEnded(job)).length;
    const active = status?.active?.length ?? 0;
    if (active !== wanted) yield `${told(each)} counts ${active} active jobs, not ${wanted}`;
    const complete = own.filter((job) => condition(job, 'Complete')).length;
    const historyMax = spec?.successfulJobsHistoryLimit ?? 3;
    if (complete > historyMax) yield `${told(each)} keeps ${complete} of ${historyMax} jobs`;
  }
}

function* deployment(state: ClusterState, deployment: Deployment): Generator<string> {
  const name = told(deployment);
  const { spec, status } = deployment;
  const replicas = spec?.replicas ?? 1;
  const sets = state.controlledBy(resources.replicaSets, deployment);
  const active = sets.filter((set) => (set.spec?.replicas ?? 1) > 0);
  const image = imageOf(spec?.template);
  if (active.length !== (replicas > 0 ? 1 : 0)) yield `${name} has ${active.length} active sets`;
  for (const set of active) {
    if (imageOf(set.spec?.template) !== image) yield `${name} runs ${imageOf(set.spec?.template)}`;
    if (set.spec?.replicas !== replicas) yield `${told(set)} wants ${set.spec?.replicas} pods`;
  }
  const kept = sets.length - 1;
  const limit = spec?.revisionHistoryLimit ?? 10;
  if (kept > limit) yield `${name} keeps ${kept} former sets, ${limit} at most`;
  yield* observed(deployment, status?.observedGeneration);
  yield* counts(name, replicas, {
    replicas: status?.replicas,
    updatedReplicas: status?.updatedReplicas,
    readyReplicas: status?.readyReplicas,
    availableReplicas: status?.availableReplicas,
  });
}

function* replicated(
  state: ClusterState,
  set: ReplicaSet | ReplicationController,
): Generator<string> {
  const { spec, status } = set;
  const pods = livePods(state, set);
  const replicas = spec?.replicas ?? 1;
  if (pods.length !== replicas) yield `${told(set)} has ${pods.length} pods, not ${replicas}`;
  yield* observed(set, status?.observedGeneration);
  const { readyReplicas, availableReplicas } = status ?? {};
  yield* counts(told(set), replicas, {
    replicas: status?.replicas,
    readyReplicas,
    availableReplicas,
  });
}

function* statefulSet(state: ClusterState, set: StatefulSet): Generator<string> {
  const name = told(set);
  const { spec, status, metadata } = set;
  const replicas = spec?.replicas ?? 1;
  const pods = livePods(state, set);
  const wanted = Array.from({ length: replicas }, (_, at) => `${metadata.name}-${at}`);
  const found = pods.map((pod) => pod.metadata.name ?? '').sort();
  if (found.join() !== wanted.sort().join()) yield `${name} has the pods ${found.join()}`;
  const image = imageOf(spec?.template);
  for (const pod of pods) if (imageOf(pod) !== image) yield `${told(pod)} runs ${imageOf(pod)}`;
  if (status?.currentRevision !== status?.updateRevision) yield `${name} is between revisions`;
  yield* history(state, set, spec?.revisionHistoryLimit ?? 10);
  yield* observed(set, status?.observedGeneration);
  const { currentReplicas, updatedReplicas, readyReplicas, availableReplicas } = status ?? {};
  yield* counts(name, replicas, {
    ...{ replicas: status?.replicas, currentReplicas, updatedReplicas },
    ...{ readyReplicas, availableReplicas },
  });
}

function* daemonSet(state: ClusterState, set: DaemonSet): Generator<string> {
  const { spec, status } = set;
  const name = told(set);
  const chosen = spec?.template?.spec?.nodeSelector ?? {};
  const isChosen = ({ metadata }: Node) =>
    Object.entries(chosen).every(([key, value]) => metadata.labels?.[key] === value);
  const wanted = state
    .of(resources.nodes)
    .filter(isChosen)
    .map(({ metadata }) => metadata.name ?? '')
    .sort();
  const pods = livePods(state, set);
  const found = pods.map((pod) => pod.spec?.nodeName ?? '').sort();
  if (found.join() !== wanted.join()) yield `${name} is on ${found.join()}, not ${wanted.join()}`;
  const image = imageOf(spec?.template);
  for (const pod of pods) if (imageOf(pod) !== image) yield `${told(pod)} runs ${imageOf(pod)}`;
  yield* history(state, set, spec?.revisionHistoryLimit ?? 10);
  yield* observed(set, status?.observedGeneration);
  yield* counts(name, wanted.length, {
    desiredNumberScheduled: status?.desiredNumberScheduled,
    currentNumberScheduled: status?.currentNumberScheduled,
    numberReady: status?.numberReady,
    numberAvailable: status?.numberAvailable,
    updatedNumberScheduled: status?.updatedNumberScheduled,
  });
  yield* counts(name, 0, { numberMisscheduled: status?.numberMisscheduled });
}

/** A job that is not suspended has ended, with exactly as many successes as it wants, or has failed; one that is has no pods at work. */
function* job(state: ClusterState, job: Job): Generator<string> {
  const name = told(job);
  const { spec, status } = job;
  const pods = state.controlledBy(resources.pods, job);
  const working = pods.filter(({ status }) => !isOver(status?.phase)).length;
  if (working > 0) yield `${name} has ${working} pods at work`;
  const { active = 0, terminating = 0 } = status ?? {};
  if (active > 0 || terminating > 0) yield `${name} counts ${active} active, ${terminating} ending`;
  const uncounted = status?.uncountedTerminatedPods ?? {};
  if ((uncounted.succeeded ?? []).length + (uncounted.failed ?? []).length > 0) {
    yield `${name} has pods to count: ${JSON.stringify(uncounted)}`;
  }
  if (condition(job, 'Complete')) {
    const { succeeded, completedIndexes = '' } = status ?? {};
    if (succeeded !== spec?.completions) {
      yield `${name} has ${succeeded} successes, not ${spec?.completions}`;
    }
    const indexes = spec?.completionMode === 'Indexed' ? indexCount(completedIndexes) : succeeded;
    if (indexes !== succeeded) yield `${name} has ${succeeded} successes of ${completedIndexes}`;
  } else if (!condition(job, 'Failed') && spec?.suspend !== true) {
    yield `${name} goes on: ${JSON.stringify(status)}`;
  }
}

/** How many indexes `0,2-4` is. */
function indexCount(text: string): number {
  if (text === '') return 0;
  return text.split(',').reduce((sum, part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}

/** Former revisions are kept as far as their owner says, but for those that pods still have. */
function* history(state: ClusterState, owner: KubeObject, limit: number): Generator<string> {
  const revisions = state.controlledBy(resources.controllerRevisions, owner);
  if (revisions.length > limit + 1) {
    yield `${told(owner)} keeps ${revisions.length - 1} former revisions, ${limit} at most`;
  }
}

function* observed({ metadata, kind }: KubeObject, generation = 0): Generator<string> {
  if (generation === metadata.generation) return;
  yield `${told({ kind: kind ?? '', metadata })} is seen as of ${generation}, not ${metadata.generation}`;
}

function* counts(
  name: string,
  wanted: number,
  found: Readonly<Record<string, number | undefined>>,
): Generator<string> {
  for (const [field, count = 0] of Object.entries(found)) {
    if (count !== wanted) yield `${name} has ${field} ${count}, not ${wanted}`;
  }
}

function livePods(state: ClusterState, owner: KubeObject): readonly Pod[] {
  const own = state.controlledBy(resources.pods, owner);
  return own.filter(({ status }) => !isOver(status?.phase));
}

function isOver(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function hasEnded(job: Job): boolean {
  return condition(job, 'Complete') || condition(job, 'Failed');
}

function condition({ status }: Job, type: string): boolean {
  return status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false;
}

function imageOf(of: Pick<Pod, 'spec'> | undefined): string {
  return of?.spec?.containers?.[0]?.image ?? '';
}
