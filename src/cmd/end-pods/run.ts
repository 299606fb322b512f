import type { Logger } from '../../base/logger.js';
import type { ContainerRuntime } from '../../control/kubelet/runtime/container-runtime.js';
import { RuntimeError } from '../../control/kubelet/runtime/runtime-error.js';
import { hostClock } from '../../host/clock.js';
import { entropyPrng } from '../../host/entropy.js';
import { openRuntime } from '../kubelet/runtimes.js';
import type { ParsedFlags } from '../program/flags.js';
import { removeCgroups } from './remove-cgroups.js';
import { unmountBelow } from './unmount-below.js';

/** Short: who stops a cluster waits for it, and its pods start again with it. */
const graceSeconds = 3;

/**
 * Ends all containers of a node, the last of which takes {@link graceSeconds}, and takes mounts and control groups of its pods back. The API
 * is not told: the next kubelet finds pods whose containers ended, as after a loss of power, and goes on with them. Rejects with RuntimeError.
 */
export async function endPods(
  flags: ParsedFlags,
  { logger, signal }: { readonly logger: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const parts = { clock: hostClock, prng: entropyPrng(), logger };
  const runtime = await openRuntime(flags, parts);
  try {
    const containers = (await runtime.listContainers()).filter(({ state }) => state === 'running');
    const graceLeft = () => (signal.aborted ? 0 : graceSeconds);
    const end = async (id: string) => {
      const isOver = stopped(runtime, id, graceLeft());
      if (signal.aborted) return isOver;
      const isCut = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve(stopped(runtime, id, 0)), { once: true }),
      );
      return Promise.race([isOver, isCut]);
    };
    await Promise.all(containers.map(({ id }) => end(id)));
    const sandboxes = (await runtime.listSandboxes()).filter(({ isReady }) => isReady);
    await Promise.all(sandboxes.map(({ id }) => runtime.stopSandbox(id).catch(gone)));
    logger.info('pods are ended', { containers: containers.length, pods: sandboxes.length });
  } finally {
    await runtime.close();
  }
  for (const flag of ['root-dir', 'process-runtime-dir']) await unmountBelow(flags.text(flag));
  await removeCgroups(flags.text('cgroup-root'));
}

function stopped(runtime: ContainerRuntime, id: string, seconds: number): Promise<void> {
  return runtime.stopContainer(id, seconds).catch(gone);
}

/** It ended by itself. */
function gone(error: unknown): void {
  if (!(error instanceof RuntimeError) || error.code !== 'not-found') throw error;
}
