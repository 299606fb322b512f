import { podCondition } from '../../api/core-v1/pod/pod-state.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { resources } from '../../client/index.js';
import { formatTime } from '../../machinery/time.js';
import type { ControllerParts } from '../controller.js';
import { ignoreNotFound } from '../runtime/write-failures.js';

/** Takes a pod out of service because its node is lost: it is not ready any more. Nothing is done when it is not anyway. */
export async function markPodNotReady(
  { client, clock, events }: Pick<ControllerParts, 'client' | 'clock' | 'events'>,
  pod: Pod,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const ready = podCondition(pod, 'Ready');
  if (ready?.status !== 'True') return;
  const { namespace = '', name = '', uid } = pod.metadata;
  const lastTransitionTime = formatTime(clock.wallTime());
  const patch = {
    metadata: uid === undefined ? {} : { uid },
    status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime }] },
  };
  await client
    .objects(resources.pods)
    .patch({ namespace, name }, 'strategic', patch, { subresource: 'status', signal })
    .catch(ignoreNotFound);
  events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
}
