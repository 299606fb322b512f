import { type MemberId, memberId } from '../../src/base/ids.js';
import { LocalNetwork } from './local-transport.js';
import { type BenchMember, startMember } from './member.js';
import { type ProposerOptions, type ProposerResult, runProposer } from './proposer.js';

/** A result, and the processor time that all members spent for it. */
export interface RaftResult extends ProposerResult {
  readonly cpuMs: number;
}

/** Consensus among members of this process, each with a log of its own on disk. */
export async function benchInProcess(
  options: ProposerOptions & { readonly members: number; readonly dir: string },
): Promise<RaftResult> {
  const voters = votersOf(options.members);
  const network = new LocalNetwork();
  const members: BenchMember[] = [];
  try {
    for (const id of voters) {
      const transport = network.transportOf(id);
      const member = await startMember({ id, voters, dir: options.dir, transport });
      network.attach(id, member.node);
      members.push(member);
    }
    const leader = await leaderOf(members);
    let cpu: NodeJS.CpuUsage | undefined;
    let cpuMs = 0;
    const result = await runProposer(leader.node, options, () => {
      const { user, system } = process.cpuUsage(cpu);
      cpu ??= process.cpuUsage();
      cpuMs = (user + system) / 1000;
    });
    return { ...result, cpuMs };
  } finally {
    for (const member of members) await member.close();
  }
}

/** Ids 1 to `count`. */
export function votersOf(count: number): MemberId[] {
  return Array.from({ length: count }, (_, i) => memberId(BigInt(i + 1)));
}

async function leaderOf(members: readonly BenchMember[]): Promise<BenchMember> {
  for (;;) {
    const leader = members.find(({ node }) => node.leadership.isLeader);
    if (leader !== undefined) return leader;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
