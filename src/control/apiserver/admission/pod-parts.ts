import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  Toleration,
} from '../../api/gen/core-v1.js';
import type { AdmissionRequest } from '../contracts.js';
import { isAbout, newObject } from './plugin.js';

/** The pod of a write of pods themselves, not of a subresource; null for anything else. */
export function podOf(request: AdmissionRequest): Pod | null {
  return isAbout(request, 'pods') ? newObject<Pod>(request) : null;
}

/** The spec of a pod, made when it is absent, so that plugins can add to it. */
export function specOf(pod: Pod): PodSpec {
  pod.spec ??= {};
  return pod.spec;
}

/** A container of any of the three lists, with where it stands. */
export interface PlacedContainer {
  readonly list: 'containers' | 'initContainers' | 'ephemeralContainers';
  readonly index: number;
  readonly container: Container | EphemeralContainer;
}

/** All containers of a pod: init containers, containers, ephemeral containers. */
export function allContainers(spec: PodSpec | undefined): readonly PlacedContainer[] {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
  return lists.flatMap((list) =>
    (spec?.[list] ?? []).map((container: Container | EphemeralContainer, index: number) => ({
      list,
      index,
      container,
    })),
  );
}

/** Whether the kubelet made this pod from a file of its own: it exists whether the API server likes it or not. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

/** Whether two tolerations say the same but for how long. */
export function sameToleration(a: Toleration, b: Toleration): boolean {
  return (
    (a.key ?? '') === (b.key ?? '') &&
    (a.effect ?? '') === (b.effect ?? '') &&
    (a.operator ?? '') === (b.operator ?? '') &&
    (a.value ?? '') === (b.value ?? '')
  );
}
