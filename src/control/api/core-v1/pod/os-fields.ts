import { type FieldPath, forbiddenField } from '../../../machinery/field-path.js';
import type { PodSecurityContext, PodSpec, SecurityContext } from '../../gen/core-v1.js';
import type { FieldErrors } from '../field-checks.js';
import { visitContainers } from './containers.js';

const linuxText = 'windows options cannot be set for a linux pod';
const windowsText = 'cannot be set for a windows pod';

/** A pod for Linux has nothing that only Windows understands. */
export function checkLinuxFields(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (spec.securityContext?.windowsOptions) {
    errors.push(forbiddenField(path.child('securityContext', 'windowsOptions'), linuxText));
  }
  visitContainers(spec, path, ({ securityContext }, containerPath) => {
    if (securityContext?.windowsOptions) {
      const at = containerPath.child('securityContext', 'windowsOptions');
      errors.push(forbiddenField(at, linuxText));
    }
  });
}

type PodField =
  | { readonly of: 'spec'; readonly name: keyof PodSpec }
  | { readonly of: 'context'; readonly name: keyof PodSecurityContext };

/** What only Linux understands, in the order in which it is refused. */
const podFields: readonly PodField[] = [
  { of: 'context', name: 'appArmorProfile' },
  { of: 'context', name: 'seLinuxOptions' },
  { of: 'spec', name: 'hostUsers' },
  { of: 'spec', name: 'hostPID' },
  { of: 'spec', name: 'hostIPC' },
  { of: 'context', name: 'seccompProfile' },
  { of: 'context', name: 'fsGroup' },
  { of: 'context', name: 'fsGroupChangePolicy' },
  { of: 'context', name: 'sysctls' },
  { of: 'spec', name: 'shareProcessNamespace' },
  { of: 'context', name: 'runAsUser' },
  { of: 'context', name: 'runAsGroup' },
  { of: 'context', name: 'supplementalGroups' },
  { of: 'context', name: 'supplementalGroupsPolicy' },
  { of: 'context', name: 'seLinuxChangePolicy' },
];

/** Fields that count as not set when they are false or empty. */
const unsetWhenEmpty = new Set<string>(['hostPID', 'hostIPC', 'sysctls']);

const containerFields: readonly (keyof SecurityContext)[] = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
];

/** A pod for Windows has nothing that only Linux understands. */
export function checkWindowsFields(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const field of podFields) {
    const value = field.of === 'spec' ? spec[field.name] : spec.securityContext?.[field.name];
    const isEmpty = value === false || (Array.isArray(value) && value.length === 0);
    if (value === undefined || (isEmpty && unsetWhenEmpty.has(field.name))) continue;
    const at = field.of === 'spec' ? path : path.child('securityContext');
    errors.push(forbiddenField(at.child(field.name), windowsText));
  }
  visitContainers(spec, path, ({ securityContext }, containerPath) => {
    for (const name of containerFields) {
      if (securityContext?.[name] === undefined) continue;
      errors.push(forbiddenField(containerPath.child('securityContext', name), windowsText));
    }
  });
}
