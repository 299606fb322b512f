import type { Pod } from '../../api/gen/core-v1.js';
import type { SandboxConfig } from '../runtime/container-runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { currentSandbox, type ObservedPod, podIps } from './observed-pod.js';
import type { PodPlan } from './plan.js';
import type { PodWorkerParts } from './pod-worker-parts.js';

/** A sandbox that containers may start in. */
export interface ReadySandbox {
  /** The pod, seen after the sandbox was made. */
  readonly observed: ObservedPod;
  readonly config: SandboxConfig;
}

/** Makes the sandbox of one pod, and its `/etc/hosts`. */
export class PodSandbox {
  readonly #parts: PodWorkerParts;

  constructor(parts: PodWorkerParts) {
    this.#parts = parts;
  }

  /** The sandbox to start containers in, made anew if the plan wants that; null: it cannot be had now. Rejects with RuntimeError. */
  async ensure(pod: Pod, observed: ObservedPod, plan: PodPlan): Promise<ReadySandbox | null> {
    const { watch, sandboxOf, events, stopper } = this.#parts;
    const [newest] = observed.sandboxes;
    if (plan.sandboxAttempt === null) {
      const config = await sandboxOf(pod, newest?.attempt ?? 0);
      if (plan.starts.length > 0) await this.#writeHosts(pod, observed);
      return { observed, config };
    }
    if (newest !== undefined) {
      const text = 'Pod sandbox changed, it will be killed and re-created.';
      events.event(pod, 'Normal', 'SandboxChanged', text);
      await stopper.stopPod(pod, observed, null, '');
    }
    const config = await sandboxOf(pod, plan.sandboxAttempt);
    await this.#run(pod, config);
    const { uid = '', name = '', namespace = '' } = pod.metadata;
    const made = await watch.observe(uid, namespace, name);
    if (currentSandbox(made) === null) return null;
    await this.#writeHosts(pod, made);
    return { observed: made, config };
  }

  async #run(pod: Pod, config: SandboxConfig): Promise<void> {
    const { runtime, events, files, paths, handlerOf, hostsOf } = this.#parts;
    const { uid = '' } = pod.metadata;
    await files.makeDir(paths.pod(uid), 0o750);
    await files.makeDir(config.logDirectory, 0o755);
    // It is there before the first container, with or without addresses.
    await files.writeWhole(paths.hostsFile(uid), Buffer.from(await hostsOf(pod, [])), 0o644);
    try {
      await runtime.runSandbox({ ...config, runtimeHandler: await handlerOf(pod) });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const text = `Failed to create pod sandbox: ${error.message}`;
      events.event(pod, 'Warning', 'FailedCreatePodSandBox', text);
      throw error;
    }
  }

  async #writeHosts(pod: Pod, observed: ObservedPod): Promise<void> {
    const { files, paths, hostsOf, hostIps } = this.#parts;
    const text = await hostsOf(pod, podIps(observed, hostIps));
    const path = paths.hostsFile(pod.metadata.uid ?? '');
    if ((await files.readText(path)) === text) return;
    await files.writeWhole(path, Buffer.from(text), 0o644);
  }
}
