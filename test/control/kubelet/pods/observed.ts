import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { containersOf } from '../../../../src/control/kubelet/pods/container-list.js';
import { groupByPod, type ObservedPod } from '../../../../src/control/kubelet/pods/observed-pod.js';
import {
  containerNotes,
  runtimeLabels,
} from '../../../../src/control/kubelet/pods/runtime-labels.js';
import type {
  ContainerState,
  SandboxState,
} from '../../../../src/control/kubelet/runtime/container-runtime.js';

/** A pod named `web` with these fields of a spec. */
export function podOf(
  spec: NonNullable<Pod['spec']>,
  status: NonNullable<Pod['status']> = {},
): Pod {
  return { metadata: { name: 'web', namespace: 'default', uid: 'u1' }, spec, status };
}

/**
 * What a runtime has of a pod, in words: `sandbox`, `sandbox:1:down`, `app:running`, `app:1:exited:3` (attempt 1, exit code 3), each in the
 * last sandbox that was named before it.
 */
export function observedOf(pod: Pod, words: readonly string[]): ObservedPod {
  const sandboxes: SandboxState[] = [];
  const containers: ContainerState[] = [];
  for (const word of words) {
    const [name = '', ...rest] = word.split(':');
    const attempt = Number(rest[0]?.match(/^\d+$/) ? rest.shift() : 0);
    if (name === 'sandbox') sandboxes.push(sandboxOf(pod, attempt, rest[0] !== 'down'));
    else containers.push(containerOf(pod, name, attempt, rest, sandboxes.at(-1)?.id ?? ''));
  }
  const found = groupByPod(sandboxes, containers).get('u1');
  return found ?? { uid: 'u1', name: 'web', namespace: 'default', sandboxes: [], containers: [] };
}

function sandboxOf(pod: Pod, attempt: number, isReady: boolean): SandboxState {
  return {
    ...{ id: `s${attempt}`, name: 'web', namespace: 'default', uid: 'u1', attempt, isReady },
    ...{
      createdAtMs: attempt * 1000,
      ips: ['10.0.0.9'],
      labels: runtimeLabels(pod),
      annotations: {},
    },
  };
}

function containerOf(
  pod: Pod,
  name: string,
  attempt: number,
  [state = 'running', code = '0']: readonly string[],
  sandboxId: string,
): ContainerState {
  const spec = containersOf(pod).find((each) => each.name === name)?.spec ?? { name };
  const isExited = state === 'exited';
  return {
    ...{ id: `${name}-${attempt}`, sandboxId, name, attempt },
    state: state as ContainerState['state'],
    createdAtMs: 1000 + attempt * 10,
    startedAtMs: 2000 + attempt * 10,
    finishedAtMs: isExited ? 3000 + attempt * 10 : 0,
    exitCode: Number(code),
    ...{ reason: '', message: '', image: spec.image ?? '', imageRef: 'sha256:1', logPath: '/l' },
    labels: runtimeLabels(pod, name),
    annotations: containerNotes(pod, spec, attempt),
  };
}
