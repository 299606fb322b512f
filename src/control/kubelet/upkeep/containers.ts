import type { NodeFiles } from '../../../host/node-files.js';
import type { ObservedPod } from '../pods/observed-pod.js';
import type { TerminationMessages } from '../pods/termination-messages.js';
import type { ContainerRuntime } from '../runtime/container-runtime.js';
import { removeLogs } from './logs.js';

/** Containers that have ended and are kept: of each name of a pod the newest, and this many before it. */
const keptBefore = 1;

/** Who removes containers, and knows of them. */
export interface GarbageParts {
  readonly runtime: ContainerRuntime;
  readonly messages: TerminationMessages;
  readonly files: NodeFiles;
}

/** What of a pod the runtime need not keep any more: containers long replaced, and sandboxes that are not in use. Pure. */
export function garbageOf({ containers, sandboxes }: ObservedPod): {
  readonly containers: readonly string[];
  readonly sandboxes: readonly string[];
} {
  const seen = new Map<string, number>();
  const old: string[] = [];
  for (const { id, name, state } of containers) {
    const newer = seen.get(name) ?? 0;
    seen.set(name, newer + 1);
    if (newer > keptBefore && state === 'exited') old.push(id);
  }
  const gone = new Set(old);
  const used = new Set(containers.filter(({ id }) => !gone.has(id)).map((each) => each.sandboxId));
  const [, ...others] = sandboxes;
  const unused = others.filter(({ id, isReady }) => !isReady && !used.has(id));
  return { containers: old, sandboxes: unused.map(({ id }) => id) };
}

/** Takes away all containers of pods that are over, with what they have written, but not their logs. Resolves with how many. */
export async function removeEnded(
  pods: Iterable<ObservedPod>,
  { runtime, messages }: Pick<GarbageParts, 'runtime' | 'messages'>,
): Promise<number> {
  let removed = 0;
  for (const { containers } of pods) {
    for (const { id, state } of containers) {
      if (state !== 'exited') continue;
      await runtime.removeContainer(id);
      messages.forget(id);
      removed += 1;
    }
  }
  return removed;
}

/** Takes it away, with the logs of the containers. Rejects with RuntimeError, or the operating system's error. */
export async function collectGarbage(
  pods: Iterable<ObservedPod>,
  parts: GarbageParts,
): Promise<void> {
  const { runtime, messages, files } = parts;
  for (const pod of pods) {
    const { containers, sandboxes } = garbageOf(pod);
    for (const id of containers) {
      await runtime.removeContainer(id);
      messages.forget(id);
      const logPath = pod.containers.find((each) => each.id === id)?.logPath ?? '';
      if (logPath !== '') await removeLogs(logPath, files);
    }
    for (const id of sandboxes) await runtime.removeSandbox(id);
  }
}
