import type { Pod } from '../../api/gen/core-v1.js';
import type { ObservedPod } from './observed-pod.js';
import type { PodWorkerParts } from './pod-worker-parts.js';

/** Takes away what the runtime and the node keep of a pod that has ended, its volumes being gone. Rejects with RuntimeError. */
export async function removeTraces(
  observed: ObservedPod,
  pod: Pod,
  {
    runtime,
    files,
    paths,
    removeGroups,
  }: Pick<PodWorkerParts, 'runtime' | 'files' | 'paths' | 'removeGroups'>,
): Promise<void> {
  for (const { id } of observed.containers) await runtime.removeContainer(id);
  for (const { id } of observed.sandboxes) await runtime.removeSandbox(id);
  await removeGroups(observed.uid);
  await files.remove(paths.pod(observed.uid));
  await files.remove(paths.logs(pod));
}
