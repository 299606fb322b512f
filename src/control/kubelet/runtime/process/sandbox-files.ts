import { join } from 'node:path';
import { writeTextAtomically } from '../../../../host/state-files.js';
import type { DnsConfig, SandboxConfig } from '../container-runtime.js';

/** Writes what all containers of a pod see in /etc: `hostname`, and `resolv.conf` when the pod says what is in it. */
export async function writeSandboxFiles(directory: string, config: SandboxConfig): Promise<void> {
  await writeTextAtomically(join(directory, 'hostname'), `${config.hostname}\n`, 0o644);
  if (config.dns !== null) {
    await writeTextAtomically(join(directory, 'resolv.conf'), resolvConf(config.dns), 0o644);
  }
}

/** A resolver's configuration file. */
export function resolvConf(dns: DnsConfig): string {
  return [
    ...(dns.searches.length === 0 ? [] : [`search ${dns.searches.join(' ')}\n`]),
    ...dns.servers.map((server) => `nameserver ${server}\n`),
    ...(dns.options.length === 0 ? [] : [`options ${dns.options.join(' ')}\n`]),
  ].join('');
}
