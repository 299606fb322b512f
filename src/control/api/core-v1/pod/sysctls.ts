import {
  duplicate,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import type { PodSpec, Sysctl } from '../../gen/core-v1.js';
import { type FieldErrors, isUnset } from '../field-checks.js';

const nameMax = 253;
const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
/** As errors print it. */
const nameRegex = `^(${segment}[\\./])*${segment}$`;
const nameFormat = new RegExp(nameRegex);

/** Kernel parameters by the namespace that they belong to. */
const ipcNames = new Set(['kernel.sem']);
const namespacePrefixes: readonly (readonly [prefix: string, namespace: 'ipc' | 'net'])[] = [
  ['kernel.shm', 'ipc'],
  ['kernel.msg', 'ipc'],
  ['fs.mqueue.', 'ipc'],
  ['net.', 'net'],
];

/** Parameters of the kernel that a pod sets; `old` is what it has so far. */
export function checkSysctls(
  spec: PodSpec,
  old: PodSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const names = new Set<string>();
  const allowsHostNamespaces = old !== undefined && hasHostSysctl(old);
  spec.securityContext?.sysctls?.forEach(({ name = '' }, at) => {
    const entry = path.index(at).child('name');
    checkName(name, names, entry, errors);
    const host = hostNamespaceField(name, spec);
    if (host !== undefined && !allowsHostNamespaces) {
      errors.push(invalidValue(entry, name, `may not be specified when '${host}' is true`));
    }
    names.add(name);
  });
}

function checkName(
  name: string,
  taken: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name)) errors.push(required(path, ''));
  else if (name.length > nameMax || !nameFormat.test(name)) {
    const text = `must have at most ${nameMax} characters and match regex ${nameRegex}`;
    errors.push(invalidValue(path, name, text));
  } else if (taken.has(name)) errors.push(duplicate(path, name));
}

/** A name with slashes for dots and dots for slashes, when a slash comes first, as in `net/ipv4/conf/eth0.1/x`. */
function withDots(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  if (first !== '/') return name;
  return name.replace(/[./]/g, (character) => (character === '/' ? '.' : '/'));
}

/** The field of the pod that makes this parameter one of the node. */
function hostNamespaceField(written: string, spec: PodSpec): 'hostNetwork' | 'hostIPC' | undefined {
  const name = withDots(written);
  const namespace = ipcNames.has(name)
    ? 'ipc'
    : namespacePrefixes.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (namespace === 'net' && spec.hostNetwork) return 'hostNetwork';
  return namespace === 'ipc' && spec.hostIPC ? 'hostIPC' : undefined;
}

function hasHostSysctl(spec: PodSpec): boolean {
  return (spec.securityContext?.sysctls ?? []).some(
    (sysctl: Sysctl) => hostNamespaceField(sysctl.name ?? '', spec) !== undefined,
  );
}
