import { type FieldPath, invalidValue, notSupported } from '../../../machinery/field-path.js';
import type { PodSpec, SecurityContext } from '../../gen/core-v1.js';
import { checkId, checkOneOf, checkSupported, type FieldErrors } from '../field-checks.js';
import { checkAppArmorProfile, checkSeccompProfile } from './security-profiles.js';
import { checkSysctls } from './sysctls.js';
import { checkWindowsOptions } from './windows.js';

const procMounts = ['Default', 'Unmasked'];

/** What a container may do on its node. `usesHostUsers` is whether its users are those of the node. */
export function checkSecurityContext(
  context: SecurityContext | undefined,
  usesHostUsers: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (context === undefined) return;
  checkId(context.runAsUser, path.child('runAsUser'), errors);
  checkId(context.runAsGroup, path.child('runAsGroup'), errors);
  const { procMount } = context;
  if (procMount !== undefined) {
    const at = path.child('procMount');
    if (!procMounts.includes(procMount)) errors.push(notSupported(at, procMount, procMounts));
    if (usesHostUsers && procMount === 'Unmasked') {
      errors.push(invalidValue(at, procMount, '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  checkSeccompProfile(context.seccompProfile, path.child('seccompProfile'), errors);
  checkEscalation(context, path, errors);
  checkWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  checkAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'), errors);
}

/** Who already has all privileges cannot be kept from getting them. */
function checkEscalation(context: SecurityContext, path: FieldPath, errors: FieldErrors): void {
  if (context.allowPrivilegeEscalation !== false) return;
  const refuse = (field: string) => {
    const text = `cannot set \`allowPrivilegeEscalation\` to false and ${field}`;
    errors.push(invalidValue(path, asPrinted(context), text));
  };
  if (context.privileged) refuse('`privileged` to true');
  for (const capability of context.capabilities?.add ?? []) {
    if (capability === 'CAP_SYS_ADMIN') refuse('`capabilities.Add` CAP_SYS_ADMIN');
  }
}

/** The whole context as errors show it: each field, by the name that the API's own program has for it. */
function asPrinted(context: SecurityContext): Record<string, unknown> {
  const names: readonly (readonly [shown: string, field: keyof SecurityContext])[] = [
    ['Capabilities', 'capabilities'],
    ['Privileged', 'privileged'],
    ['SELinuxOptions', 'seLinuxOptions'],
    ['WindowsOptions', 'windowsOptions'],
    ['RunAsUser', 'runAsUser'],
    ['RunAsGroup', 'runAsGroup'],
    ['RunAsNonRoot', 'runAsNonRoot'],
    ['ReadOnlyRootFilesystem', 'readOnlyRootFilesystem'],
    ['AllowPrivilegeEscalation', 'allowPrivilegeEscalation'],
    ['ProcMount', 'procMount'],
    ['SeccompProfile', 'seccompProfile'],
    ['AppArmorProfile', 'appArmorProfile'],
  ];
  const { add, drop } = context.capabilities ?? {};
  return Object.fromEntries(
    names.map(([shown, field]) => {
      if (field !== 'capabilities') return [shown, context[field] ?? null];
      return [shown, context.capabilities ? { Add: add ?? null, Drop: drop ?? null } : null];
    }),
  );
}

const groupChangePolicies = ['Always', 'OnRootMismatch'];
const supplementalGroupsPolicies = ['Merge', 'Strict'];
const labelChangePolicies = ['Recursive'];

/** What holds for all containers of a pod. */
export function checkPodSecurityContext(
  spec: PodSpec,
  old: PodSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const context = spec.securityContext ?? {};
  checkId(context.fsGroup, path.child('fsGroup'), errors);
  checkId(context.runAsUser, path.child('runAsUser'), errors);
  checkId(context.runAsGroup, path.child('runAsGroup'), errors);
  context.supplementalGroups?.forEach((group, at) => {
    checkId(group, path.child('supplementalGroups').index(at), errors);
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalidValue(path.child('shareProcessNamespace'), true, text));
  }
  checkSysctls(spec, old, path.child('sysctls'), errors);
  checkSupported(
    context.fsGroupChangePolicy,
    groupChangePolicies,
    path.child('fsGroupChangePolicy'),
    errors,
  );
  checkSeccompProfile(context.seccompProfile, path.child('seccompProfile'), errors);
  checkWindowsOptions(context.windowsOptions, path.child('windowsOptions'), errors);
  checkAppArmorProfile(context.appArmorProfile, path.child('appArmorProfile'), errors);
  checkSupported(
    context.supplementalGroupsPolicy,
    supplementalGroupsPolicies,
    path.child('supplementalGroupsPolicy'),
    errors,
  );
  const keepsMountOption = old?.securityContext?.seLinuxChangePolicy === 'MountOption';
  if (!keepsMountOption || context.seLinuxChangePolicy !== 'MountOption') {
    const at = path.child('seLinuxChangePolicy');
    checkSupported(context.seLinuxChangePolicy, labelChangePolicies, at, errors);
  }
}

const operatingSystems = ['linux', 'windows'];

/** The system that a pod's containers are made for. Returns whether it can be told. */
export function checkOs(name: string | undefined, path: FieldPath, errors: FieldErrors): boolean {
  const before = errors.length;
  if (name === undefined || name === '')
    checkOneOf(name, operatingSystems, path.child('name'), errors);
  else checkSupported(name, operatingSystems, path, errors);
  return errors.length === before;
}
