import { type Clock, sleep } from '../../../base/clock.js';
import { type ControlClient, resources } from '../../client/index.js';
import { StatusError } from '../../machinery/status.js';
import type { PodInfo } from '../framework/node-info.js';

const pauseMs = { first: 100, last: 5000 };

/**
 * The node that the API says a pod is on, asked until there is an answer: a binding whose answer was lost may have been done. '' for
 * none; null when the pod is gone. Rejects with the signal's reason.
 */
export async function placedNode(
  { client, clock }: { readonly client: ControlClient; readonly clock: Clock },
  { pod, uid }: PodInfo,
  signal: AbortSignal,
): Promise<string | null> {
  const { namespace = '', name = '' } = pod.metadata;
  for (let delayMs = pauseMs.first; ; delayMs = Math.min(pauseMs.last, delayMs * 2)) {
    signal.throwIfAborted();
    try {
      const current = await client.objects(resources.pods).get({ namespace, name }, { signal });
      return current.metadata.uid === uid ? (current.spec?.nodeName ?? '') : null;
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return null;
      // Any other answer, or none, says nothing of the pod.
      await sleep(clock, delayMs, signal);
    }
  }
}
