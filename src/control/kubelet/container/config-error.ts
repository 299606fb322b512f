/** A container cannot be made as its pod asks, for now: `CreateContainerConfigError`. The message is shown in the pod's status. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}
