import type { SecurityConfig } from '../container-runtime.js';

/** What a container's superuser keeps unless told otherwise: what container engines agree on. */
const defaultCapabilities = [
  'audit_write',
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'mknod',
  'net_bind_service',
  'net_raw',
  'setfcap',
  'setgid',
  'setpcap',
  'setuid',
  'sys_chroot',
] as const;

/** The capabilities of a container: null is all that the node has; names as setpriv takes them, in order. */
export function capabilitiesOf(
  security: Pick<SecurityConfig, 'privileged' | 'addCapabilities' | 'dropCapabilities'>,
): readonly string[] | null {
  if (security.privileged) return null;
  const added = security.addCapabilities.map(bareName);
  const dropped = security.dropCapabilities.map(bareName);
  if (added.includes('all') && dropped.length === 0) return null;
  const kept = new Set<string>(dropped.includes('all') ? [] : defaultCapabilities);
  for (const name of dropped) kept.delete(name);
  for (const name of added) if (name !== 'all') kept.add(name);
  return [...kept].sort();
}

/** `CAP_NET_ADMIN`, `net_admin` and `NET_ADMIN` are one. */
function bareName(name: string): string {
  return name.toLowerCase().replace(/^cap_/, '');
}
