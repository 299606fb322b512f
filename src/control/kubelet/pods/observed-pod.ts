import type { ContainerState, SandboxState } from '../runtime/container-runtime.js';
import { labelsOf } from './runtime-labels.js';

/** A pod as the runtime has it. */
export interface ObservedPod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Newest first. */
  readonly sandboxes: readonly SandboxState[];
  /** Newest first. */
  readonly containers: readonly ContainerState[];
}

/** What the runtime has of pods, by uid. Containers without our labels are left out. */
export function groupByPod(
  sandboxes: readonly SandboxState[],
  containers: readonly ContainerState[],
): ReadonlyMap<string, ObservedPod> {
  const pods = new Map<
    string,
    ObservedPod & { sandboxes: SandboxState[]; containers: ContainerState[] }
  >();
  const podOf = (uid: string, name: string, namespace: string) => {
    const known = pods.get(uid);
    if (known !== undefined) return known;
    const pod = { uid, name, namespace, sandboxes: [], containers: [] };
    pods.set(uid, pod);
    return pod;
  };
  for (const sandbox of sandboxes) {
    podOf(sandbox.uid, sandbox.name, sandbox.namespace).sandboxes.push(sandbox);
  }
  for (const container of containers) {
    const labels = labelsOf(container.labels);
    if (labels !== null) podOf(labels.uid, labels.pod, labels.namespace).containers.push(container);
  }
  for (const { sandboxes: own, containers: ownContainers } of pods.values()) {
    own.sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
    ownContainers.sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs);
  }
  return pods;
}

/** A pod of which the runtime has nothing. */
export function nothingObserved(uid: string, namespace: string, name: string): ObservedPod {
  return { uid, name, namespace, sandboxes: [], containers: [] };
}

/** The newest container of a name, in whichever sandbox. */
export function newestOf({ containers }: ObservedPod, name: string): ContainerState | undefined {
  return containers.find((each) => each.name === name);
}

/** The newest container of a name that has ended, if any. */
export function newestEnded({ containers }: ObservedPod, name: string): ContainerState | undefined {
  return containers.find((each) => each.name === name && each.state === 'exited');
}

/** The sandbox in use: the newest, when it is ready and the only one that is. */
export function currentSandbox(observed: ObservedPod): SandboxState | null {
  const [newest] = observed.sandboxes;
  const ready = observed.sandboxes.filter(({ isReady }) => isReady);
  return newest?.isReady === true && ready.length === 1 ? newest : null;
}

/**
 * The addresses of a pod; none before it has a sandbox. A sandbox without one of its own is in the network of the node, whether the pod
 * asked for that or the runtime has no other.
 */
export function podIps(observed: ObservedPod, hostIps: readonly string[]): readonly string[] {
  const sandbox = currentSandbox(observed);
  if (sandbox === null) return [];
  return sandbox.ips.length === 0 ? hostIps : sandbox.ips;
}

/** Something of it runs. */
export function isRunning({ containers }: ObservedPod): boolean {
  return containers.some(({ state }) => state === 'running');
}
