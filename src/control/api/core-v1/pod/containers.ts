import type { FieldPath } from '../../../machinery/field-path.js';
import type { Container, EphemeralContainer, PodSpec } from '../../gen/core-v1.js';

/** A container of any of the three lists of a pod. An ephemeral one has a target in addition. */
export type AnyContainer = Container & Pick<EphemeralContainer, 'targetContainerName'>;

/** All containers of a pod: init containers, then the regular, then the ephemeral ones. */
export function allContainers(spec: PodSpec): AnyContainer[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
}

/** Calls back with each container and where it is, in the order of {@link allContainers}. */
export function visitContainers(
  spec: PodSpec,
  specPath: FieldPath,
  visit: (container: AnyContainer, path: FieldPath) => void,
): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const path = specPath.child(list);
    spec[list]?.forEach((container, at) => {
      visit(container, path.index(at));
    });
  }
}

/** Whether an init container is a sidecar: it starts before the regular containers and goes on beside them. */
export function isSidecar(container: Container | undefined): boolean {
  return container?.restartPolicy === 'Always';
}
