import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import {
  type EntryAddress,
  type IpFamily,
  IptablesBackend,
  NftablesBackend,
  type ProxyBackend,
  UserspaceBackend,
} from '../../control/proxy/index.js';
import { runCommand } from '../../host/command.js';
import { UsageError } from '../usage-error.js';
import type { ProxyCommandSettings, ProxyMode } from './settings.js';

/** Families that the kernel has a data plane of. */
const families: readonly IpFamily[] = [4, 6];

/** The data planes of a mode. */
export interface ModeBackends {
  readonly mode: ProxyMode;
  readonly byFamily: ReadonlyMap<IpFamily, ProxyBackend>;
  /** Where this process takes connections itself. */
  readonly entries: () => readonly EntryAddress[];
}

interface Parts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The data planes that the settings ask for, one a family. Rejects with UsageError when this machine has not what the mode needs. */
export async function makeBackends(
  settings: Pick<ProxyCommandSettings, 'mode' | 'isRoot' | 'udpIdleMs'>,
  parts: Parts,
): Promise<ModeBackends> {
  const { mode } = settings;
  if (mode === 'userspace') return userspace(settings, parts);
  const program = programOf[mode];
  if (!(await isThere(program)))
    throw new UsageError(
      `--proxy-mode=${mode} needs ${program}, which cannot be run here; install it, or give --proxy-mode=userspace`,
    );
  parts.logger.info('sending connections on', { mode });
  const byFamily = new Map(families.map((family) => [family, kernelBackend(mode, family)]));
  return { mode, byFamily, entries: () => [] };
}

type KernelMode = Exclude<ProxyMode, 'userspace'>;

const programOf: Readonly<Record<KernelMode, string>> = {
  nftables: 'nft',
  iptables: 'iptables-restore',
};

function kernelBackend(mode: KernelMode, family: IpFamily): ProxyBackend {
  const options = { run: runCommand, family };
  return mode === 'iptables' ? new IptablesBackend(options) : new NftablesBackend(options);
}

/** What only root can do is done for root. */
async function userspace(
  { isRoot, udpIdleMs }: Pick<ProxyCommandSettings, 'isRoot' | 'udpIdleMs'>,
  { clock, logger }: Parts,
): Promise<ModeBackends> {
  const redirects = isRoot && (await isThere('nft'));
  const mode = 'userspace';
  if (redirects) logger.info('sending connections on', { mode });
  else
    logger.warn(
      "sending connections on, but services' own addresses lead nowhere without root and nft: node ports do, and what /serviceAddresses shows",
      { mode },
    );
  const run = redirects ? runCommand : null;
  const made = families.map((family) => {
    return [family, new UserspaceBackend({ family, clock, logger, udpIdleMs, run })] as const;
  });
  return {
    mode,
    byFamily: new Map(made),
    entries: () => made.flatMap(([, backend]) => backend.entries()),
  };
}

async function isThere(program: string): Promise<boolean> {
  return (await runCommand({ command: program, args: ['--version'] })).exitCode === 0;
}

/** Takes the rules of every mode back. A mode whose programs are not here has none. */
export async function cleanUpAll(parts: Parts): Promise<void> {
  for (const mode of Object.keys(programOf) as KernelMode[]) {
    if (!(await isThere(programOf[mode]))) continue;
    for (const family of families) await kernelBackend(mode, family).cleanUp();
  }
  if (await isThere(programOf.nftables)) {
    const options = { ...parts, udpIdleMs: 1, run: runCommand };
    for (const family of families) await new UserspaceBackend({ ...options, family }).cleanUp();
  }
  parts.logger.info('all rules are taken back');
}
