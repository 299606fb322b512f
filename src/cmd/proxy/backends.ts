import type { Logger } from '../../base/logger.js';
import {
  type IpFamily,
  IptablesBackend,
  NftablesBackend,
  type ProxyBackend,
} from '../../control/proxy/index.js';
import { runCommand } from '../../host/command.js';
import { UsageError } from '../usage-error.js';
import type { ProxyMode } from './settings.js';

/** Families that the kernel has a data plane of. */
const families: readonly IpFamily[] = [4, 6];

/** The data planes of a mode, one a family. Rejects with UsageError when this machine has not what the mode needs. */
export async function makeBackends(
  mode: ProxyMode,
  logger: Logger,
): Promise<ReadonlyMap<IpFamily, ProxyBackend>> {
  const program = mode === 'iptables' ? 'iptables-restore' : 'nft';
  const { exitCode } = await runCommand({ command: program, args: ['--version'] });
  if (exitCode !== 0)
    throw new UsageError(
      `--proxy-mode=${mode} needs ${program}, which cannot be run here; install it`,
    );
  logger.info('sending connections on', { mode });
  return new Map(families.map((family) => [family, backendOf(mode, family)]));
}

function backendOf(mode: ProxyMode, family: IpFamily): ProxyBackend {
  const options = { run: runCommand, family };
  return mode === 'iptables' ? new IptablesBackend(options) : new NftablesBackend(options);
}

/** Takes the rules of every mode back. A mode whose programs are not here has none. */
export async function cleanUpAll(logger: Logger): Promise<void> {
  for (const mode of ['nftables', 'iptables'] as const) {
    const program = mode === 'iptables' ? 'iptables-restore' : 'nft';
    const { exitCode } = await runCommand({ command: program, args: ['--version'] });
    if (exitCode !== 0) continue;
    for (const family of families) await backendOf(mode, family).cleanUp();
  }
  logger.info('all rules are taken back');
}
