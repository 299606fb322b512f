import { unreachable } from '../../base/assert.js';
import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import {
  type EntryAddress,
  type IpFamily,
  IptablesBackend,
  IpvsBackend,
  NftablesBackend,
  nftablesProblem,
  type ProxyBackend,
  UserspaceBackend,
} from '../../control/proxy/index.js';
import { runCommand } from '../../host/command.js';
import { hostMachine } from '../../host/machine.js';
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
export async function makeBackends(settings: BackendSettings, parts: Parts): Promise<ModeBackends> {
  const mode = settings.mode === 'ipvs' ? await ipvsOrOther(parts) : settings.mode;
  if (mode === 'userspace') return userspace(settings, parts);
  await checkPrograms(mode);
  await checkRules(mode);
  parts.logger.info('sending connections on', { mode });
  const byFamily = new Map(
    families.map((family) => [family, kernelBackend(mode, family, settings)]),
  );
  return { mode, byFamily, entries: () => [] };
}

type BackendSettings = Pick<ProxyCommandSettings, 'mode' | 'isRoot' | 'udpIdleMs' | 'ipvs'>;
type KernelMode = Exclude<ProxyMode, 'userspace'>;

const programsOf: Readonly<Record<KernelMode, readonly string[]>> = {
  nftables: ['nft'],
  iptables: ['iptables-restore'],
  ipvs: ['ipvsadm', 'ipset', 'iptables-restore'],
};

/** Old kernels and old programs know not all that rules say. */
async function checkRules(mode: KernelMode): Promise<void> {
  const problem = mode === 'nftables' ? await nftablesProblem(runCommand) : null;
  if (problem !== null)
    throw new UsageError(
      `--proxy-mode=nftables cannot be had here (${problem}); it needs nft 1.0.6, or give --proxy-mode=iptables or userspace`,
    );
}

async function checkPrograms(mode: KernelMode): Promise<void> {
  for (const program of programsOf[mode]) {
    if (await isThere(program)) continue;
    throw new UsageError(
      `--proxy-mode=${mode} needs ${program}, which cannot be run here; install it, or give --proxy-mode=userspace`,
    );
  }
}

/** A kernel without IPVS, or whose IPVS is not for this namespace, serves nobody in that mode. */
async function ipvsOrOther({ logger }: Parts): Promise<'ipvs' | 'nftables'> {
  // Where it is built in, or there are no modules, this fails and does not matter.
  await runCommand({ command: 'modprobe', args: ['-a', 'ip_vs', 'dummy'] });
  const { exitCode, stderr } = await runCommand({ command: 'ipvsadm', args: ['--list', '-n'] });
  if (exitCode === 0) return 'ipvs';
  const problem = stderr.split('\n')[0] ?? '';
  logger.warn('--proxy-mode=ipvs cannot be had on this machine: mode nftables serves instead', {
    problem,
  });
  return 'nftables';
}

function kernelBackend(
  mode: KernelMode,
  family: IpFamily,
  { ipvs }: Pick<ProxyCommandSettings, 'ipvs'>,
): ProxyBackend {
  const options = { run: runCommand, family };
  switch (mode) {
    case 'nftables':
      return new NftablesBackend(options);
    case 'iptables':
      return new IptablesBackend(options);
    case 'ipvs': {
      const machineAddresses = () => hostMachine.addresses();
      return new IpvsBackend({ ...options, settings: ipvs, machineAddresses });
    }
    default:
      return unreachable(mode);
  }
}

/** What only root can do is done for root. */
async function userspace(
  { isRoot, udpIdleMs }: BackendSettings,
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
  const { exitCode, stderr } = await runCommand({ command: program, args: ['--version'] });
  // Without IPVS in the kernel ipvsadm does not even tell its version.
  return exitCode === 0 || (exitCode !== null && program === 'ipvsadm' && stderr !== '');
}

/** Takes the rules of every mode back. A mode whose programs are not here has none. */
export async function cleanUpAll(
  settings: Pick<ProxyCommandSettings, 'ipvs'>,
  parts: Parts,
): Promise<void> {
  for (const mode of Object.keys(programsOf) as KernelMode[]) {
    const missing = await checkPrograms(mode).then(
      () => false,
      () => true,
    );
    if (missing) continue;
    for (const family of families) await kernelBackend(mode, family, settings).cleanUp();
  }
  if (await isThere('nft')) {
    const options = { ...parts, udpIdleMs: 1, run: runCommand };
    for (const family of families) await new UserspaceBackend({ ...options, family }).cleanUp();
  }
  parts.logger.info('all rules are taken back');
}
