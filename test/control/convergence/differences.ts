import { resources } from '../../../src/control/client/index.js';
import { autoscalerDifferences } from './autoscalers.js';
import { type ClusterState, told } from './cluster-state.js';
import { endpointDifferences } from './endpoint-differences.js';
import { quotaDifferences } from './quota-differences.js';
import { storageDifferences } from './storage-differences.js';
import { batchDifferences, workloadDifferences } from './workload-differences.js';

/**
 * In what a cluster that is at rest is not what its objects declare; empty when all is well. `orphaned`: Services whose slices may stay
 * without them.
 */
export function differencesOf(
  state: ClusterState,
  orphaned: ReadonlySet<string>,
): readonly string[] {
  return [
    ...leftOvers(state),
    ...podDifferences(state),
    ...workloadDifferences(state),
    ...batchDifferences(state),
    ...autoscalerDifferences(state),
    ...endpointDifferences(state, orphaned),
    ...storageDifferences(state),
    ...quotaDifferences(state),
  ];
}

/** What is on its way out for ever, or whose owner or namespace is gone. */
function* leftOvers(state: ClusterState): Generator<string> {
  const namespaces = new Set(state.of(resources.namespaces).map(({ metadata }) => metadata.name));
  for (const { object } of state.all) {
    const { deletionTimestamp, namespace, ownerReferences = [], finalizers } = object.metadata;
    if (deletionTimestamp !== undefined) {
      yield `${told(object)} is being deleted, finalizers ${JSON.stringify(finalizers)}`;
    }
    if (namespace !== undefined && !namespaces.has(namespace)) {
      yield `${told(object)} is left of its namespace`;
    }
    for (const { kind, name, uid } of ownerReferences) {
      if (state.byUid.has(uid ?? '')) continue;
      yield `${told(object)} is left of ${kind} ${name}`;
    }
  }
  yield* namespaceDifferences(state);
}

function* namespaceDifferences(state: ClusterState): Generator<string> {
  const accounts = new Set(
    state.of(resources.serviceAccounts).map((each) => told({ ...each, kind: '' })),
  );
  const maps = new Set(state.of(resources.configMaps).map((each) => told({ ...each, kind: '' })));
  for (const { metadata, status } of state.of(resources.namespaces)) {
    const { name } = metadata;
    if (status?.phase !== 'Active') yield `Namespace ${name} is ${status?.phase}`;
    if (!accounts.has(` ${name}/default`)) yield `Namespace ${name} has no account default`;
    if (!maps.has(` ${name}/kube-root-ca.crt`)) yield `Namespace ${name} has no kube-root-ca.crt`;
  }
  const nodes = new Set(state.of(resources.nodes).map(({ metadata }) => metadata.name));
  for (const { metadata } of state.of(resources.leases)) {
    if (metadata.namespace === 'kube-node-lease' && !nodes.has(metadata.name)) {
      yield `Lease ${metadata.name} is of no node`;
    }
  }
}

/** Every pod is on a node that is there, and runs or has ended; none waits for the count of its job. */
function* podDifferences(state: ClusterState): Generator<string> {
  const nodes = new Set(state.of(resources.nodes).map(({ metadata }) => metadata.name));
  for (const pod of state.of(resources.pods)) {
    const { spec, status, metadata } = pod;
    const phase = status?.phase ?? '';
    const isFailed = phase === 'Failed';
    if (!nodes.has(spec?.nodeName ?? '') && !isFailed) {
      yield `${told(pod)} is on ${JSON.stringify(spec?.nodeName)}: ${JSON.stringify(status)}`;
    }
    if (phase !== 'Running' && phase !== 'Succeeded' && !isFailed) {
      yield `${told(pod)} is ${phase} on ${spec?.nodeName}: ${JSON.stringify(status)}`;
    }
    if (metadata.finalizers?.includes('batch.kubernetes.io/job-tracking')) {
      yield `${told(pod)} is still to be counted`;
    }
  }
}
