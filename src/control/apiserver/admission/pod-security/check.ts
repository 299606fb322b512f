import type { Container, EphemeralContainer, PodSpec, Volume } from '../../../api/gen/core-v1.js';
import { allContainers } from '../pod-parts.js';

/** What a check looks at. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** Why a pod is not allowed: in short, and in full. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** Null: the pod is allowed. */
export type PodCheck = (pod: CheckedPod) => Violation | null;

/** Containers of any kind. */
export type AnyContainer = Container | EphemeralContainer;

/** Init containers, containers, ephemeral containers. */
export function containersOf({ spec }: CheckedPod): readonly AnyContainer[] {
  return allContainers(spec).map(({ container }) => container);
}

export function volumesOf({ spec }: CheckedPod): readonly Volume[] {
  return spec.volumes ?? [];
}

/** Names of the containers that are bad. */
export function namesWhere(pod: CheckedPod, isBad: (container: AnyContainer) => boolean): string[] {
  return containersOf(pod)
    .filter(isBad)
    .map(({ name = '' }) => name);
}

/** `"a", "b"`. */
export function quoted(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(', ');
}

/** Each once, in order. */
export function sortedSet(items: Iterable<string>): string[] {
  return [...new Set(items)].sort();
}

/** `container "a"`, `containers "a", "b"`. */
export function containersText(names: readonly string[]): string {
  return `${plural('container', names.length)} ${quoted(names)}`;
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

/** Who set something: `pod`, `container "a"`, `pod and containers "a", "b"`. */
export function settersText(isPod: boolean, names: readonly string[]): string {
  return [...(isPod ? ['pod'] : []), ...(names.length > 0 ? [containersText(names)] : [])].join(
    ' and ',
  );
}

export function isWindows({ spec }: CheckedPod): boolean {
  return spec.os?.name === 'windows';
}

/** Root inside a user namespace is nobody outside. */
export function hasUserNamespace({ spec }: CheckedPod): boolean {
  return spec.hostUsers === false;
}

/** The check, but for pods of Windows, where it means nothing. */
export function exceptWindows(check: PodCheck): PodCheck {
  return (pod) => (isWindows(pod) ? null : check(pod));
}

/** The check, but for pods in a user namespace. */
export function exceptUserNamespaces(check: PodCheck): PodCheck {
  return (pod) => (hasUserNamespace(pod) ? null : check(pod));
}
