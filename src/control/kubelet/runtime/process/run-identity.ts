import type { SecurityConfig } from '../container-runtime.js';
import { capabilitiesOf } from './capabilities.js';

/** Who a container's processes are. */
export interface RunIdentity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** setpriv's options that make a process this user with what its container may do, and no more. */
export function setprivOptions(identity: RunIdentity, security: SecurityConfig): string[] {
  const capabilities = capabilitiesOf(security);
  const groups = [...new Set(identity.groups)];
  return [
    `--reuid=${identity.uid}`,
    `--regid=${identity.gid}`,
    groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`,
    '--inh-caps=-all',
    ...(capabilities === null
      ? []
      : [`--bounding-set=${['-all', ...capabilities.map((name) => `+${name}`)].join(',')}`]),
    ...(security.noNewPrivileges ? ['--no-new-privs'] : []),
  ];
}
