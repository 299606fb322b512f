import type { ClusterView } from '../cluster-view.js';
import { undashed } from './endpoints.js';
import { addressRecords } from './record.js';
import { empty, noName, type Resolution, recordsOf } from './resolution.js';

/** How names of pods (`10-1-2-3.default.pod.cluster.local`) are answered: never, for every address, or for pods that there are. */
export type PodNames = 'disabled' | 'insecure' | 'verified';

/** A name below `pod.` of the zone; `labels` without that. */
export function resolvePod(
  { name, labels }: { readonly name: string; readonly labels: readonly string[] },
  view: ClusterView,
  mode: PodNames,
): Resolution {
  if (mode === 'disabled') return noName;
  const [first, second, ...more] = labels;
  if (first === undefined) return empty;
  if (more.length > 0) return noName;
  const namespace = second ?? first;
  if (!view.hasNamespace(namespace)) return noName;
  if (second === undefined) return empty;
  const ip = undashed(first);
  if (ip === null) return noName;
  if (mode === 'verified' && !view.hasPod(namespace, ip)) return noName;
  return recordsOf(addressRecords(name, [ip]));
}
