import type { Container, EphemeralContainer, Pod } from '../../api/gen/core-v1.js';

/** What a container is in its pod. A sidecar is an init container that stays. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

/** A container as a pod asks for it. */
export interface PodContainer {
  readonly role: ContainerRole;
  readonly name: string;
  readonly spec: Container & Pick<EphemeralContainer, 'targetContainerName'>;
  /** As `spec.containers{web}`: what events about it name. */
  readonly fieldPath: string;
}

/** The containers of a pod: init containers and sidecars in their order, the main ones, ephemeral ones. Names are unique among all. */
export function containersOf({ spec }: Pod): readonly PodContainer[] {
  return [
    ...(spec?.initContainers ?? []).map((each) =>
      row(each.restartPolicy === 'Always' ? 'sidecar' : 'init', each, 'initContainers'),
    ),
    ...(spec?.containers ?? []).map((each) => row('main', each, 'containers')),
    ...(spec?.ephemeralContainers ?? []).map((each) =>
      row('ephemeral', each, 'ephemeralContainers'),
    ),
  ];
}

function row(role: ContainerRole, spec: PodContainer['spec'], list: string): PodContainer {
  const { name = '' } = spec;
  return { role, name, spec, fieldPath: `spec.${list}{${name}}` };
}

/** A container that ended is to run again. `exitCode` null: it is not known how it ended. */
export function isToRestart(
  { spec }: Pod,
  { role, spec: container }: PodContainer,
  exitCode: number | null,
): boolean {
  if (role === 'ephemeral') return false;
  if (role === 'sidecar') return true;
  if (exitCode !== null) {
    const action = ruleFor(container, exitCode);
    if (action === 'Restart') return true;
  }
  const podPolicy = spec?.restartPolicy ?? 'Always';
  const policy = container.restartPolicy ?? podPolicy;
  if (policy === 'Never') return false;
  if (role === 'init') return exitCode !== 0;
  return policy === 'Always' || exitCode !== 0;
}

/** What the container's own rules say of an exit code. */
function ruleFor({ restartPolicyRules = [] }: Container, exitCode: number): string | undefined {
  return restartPolicyRules.find(({ exitCodes }) => {
    const isIn = exitCodes?.values?.includes(exitCode) === true;
    return exitCodes?.operator === 'NotIn' ? !isIn : isIn;
  })?.action;
}
