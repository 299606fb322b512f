import { availableParallelism } from 'node:os';
import type { Logger } from '../../base/logger.js';
import type { RunCommand } from '../../host/command.js';
import type { ParsedFlags } from '../program/flags.js';

/** Sets what the flags say of connection tracking. What the kernel does not take (in a container it may not) is logged. */
export async function applyConntrackSettings(
  flags: ParsedFlags,
  { run, logger }: { readonly run: RunCommand; readonly logger: Logger },
): Promise<void> {
  const max = await wantedMax(flags, run);
  for (const [name, value] of [...max, ...timeouts(flags)]) {
    const args = ['-qw', `net.netfilter.${name}=${value}`];
    const { exitCode, stderr } = await run({ command: 'sysctl', args });
    if (exitCode === 0 && stderr === '') continue;
    logger.warn('connection tracking is left as it is', { name, problem: stderr.trim() });
  }
}

type Setting = readonly [name: string, value: number];

/** Never less than the kernel has. */
async function wantedMax(flags: ParsedFlags, run: RunCommand): Promise<readonly Setting[]> {
  const perCore = flags.number('conntrack-max-per-core');
  if (perCore <= 0) return [];
  const wanted = Math.max(perCore * availableParallelism(), flags.number('conntrack-min'));
  const args = ['-n', 'net.netfilter.nf_conntrack_max'];
  const { stdout } = await run({ command: 'sysctl', args });
  return Number(stdout.trim()) >= wanted ? [] : [['nf_conntrack_max', wanted]];
}

function timeouts(flags: ParsedFlags): readonly Setting[] {
  const rows = [
    ['nf_conntrack_tcp_timeout_established', 'conntrack-tcp-timeout-established'],
    ['nf_conntrack_tcp_timeout_close_wait', 'conntrack-tcp-timeout-close-wait'],
    ['nf_conntrack_udp_timeout', 'conntrack-udp-timeout'],
    ['nf_conntrack_udp_timeout_stream', 'conntrack-udp-timeout-stream'],
  ] as const;
  const set = rows.flatMap(([name, flag]): readonly Setting[] => {
    const ms = flags.durationMs(flag);
    return ms > 0 ? [[name, Math.ceil(ms / 1000)]] : [];
  });
  return flags.isTrue('conntrack-tcp-be-liberal')
    ? [...set, ['nf_conntrack_tcp_be_liberal', 1]]
    : set;
}
