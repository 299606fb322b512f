import { type Client, EventType, toText } from '../../../src/client/index.js';
import { isPodReady } from '../../../src/control/api/core-v1/pod/pod-state.js';
import type { Deployment, ReplicaSet } from '../../../src/control/api/gen/apps-v1.js';
import type { Pod } from '../../../src/control/api/gen/core-v1.js';

const tellers: readonly (readonly [prefix: string, tell: (value: string) => string])[] = [
  ['/registry/pods/', (value) => tellPod(JSON.parse(value) as Pod)],
  ['/registry/replicasets/', (value) => tellReplicaSet(JSON.parse(value) as ReplicaSet)],
  ['/registry/deployments/', (value) => tellDeployment(JSON.parse(value) as Deployment)],
  ['/flotilla/elections/', (value) => value],
];

/**
 * What was written to pods, ReplicaSets and Deployments, and who was elected, from one revision of the store to another, which is there
 * already: a line a write, in order. The revisions must not be compacted yet.
 */
export async function writesBetween(
  store: Client,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const lines: string[] = [];
  const stop = new AbortController();
  const watcher = store.watch({ prefix: '/' }, { startRevision: from, signal: stop.signal });
  try {
    for await (const { revision, events } of watcher) {
      for (const { type, kv } of events) {
        const key = toText(kv!.key);
        const tell = tellers.find(([prefix]) => key.startsWith(prefix))?.[1];
        if (tell === undefined) continue;
        const what = type === EventType.DELETE ? 'is gone' : tell(toText(kv!.value));
        lines.push(`${kv!.modRevision} ${key}: ${what}`);
      }
      if (revision >= to) break;
    }
  } finally {
    stop.abort();
  }
  return lines;
}

function tellPod(pod: Pod): string {
  const { metadata, spec, status } = pod;
  const facts = [metadata.labels?.version, status?.phase, spec?.nodeName ?? 'no node'];
  if (isPodReady(pod)) facts.push('ready');
  if (metadata.deletionTimestamp !== undefined) facts.push('is being deleted');
  return facts.join(', ');
}

function tellReplicaSet({ metadata, spec, status }: ReplicaSet): string {
  const { replicas, readyReplicas = 0, observedGeneration } = status ?? {};
  const { generation } = metadata;
  return `wants ${spec?.replicas}, has ${replicas}, ready ${readyReplicas}, generation ${observedGeneration} of ${generation}`;
}

function tellDeployment({ metadata, status }: Deployment): string {
  const { replicas, updatedReplicas, availableReplicas, observedGeneration } = status ?? {};
  return `has ${replicas}, updated ${updatedReplicas}, available ${availableReplicas}, generation ${observedGeneration} of ${metadata.generation}`;
}
