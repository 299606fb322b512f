import { fromLatin1 } from '../../src/base/bytes.js';
import type { Prng } from '../../src/base/prng.js';
import { CallError } from '../../src/rpc/service.js';
import { KV } from '../../src/wire/gen/etcdserverpb.js';
import { pause } from './client.js';
import type { Cluster } from './cluster.js';
import { SimFailure } from './failure.js';
import { showConf } from './invariants.js';
import type { Machine } from './machine.js';

export interface LivenessOptions {
  readonly cluster: Cluster;
  readonly prng: Prng;
  /** Lets virtual time pass until `until()` holds, or `withinMs` are over. */
  readonly advance: (until: () => boolean, withinMs: number) => Promise<void>;
  /** Sessions and operators have finished their last request. */
  readonly requestsAreDone: () => boolean;
  /** Watchers of everything have seen all up to this revision. */
  readonly watchersHaveSeen: (revision: number) => boolean;
}

/** With nothing broken any more, each step must be done within so much virtual time. */
const stepMsMax = 60_000;

/**
 * The liveness phase. All faults are off and every process runs that can: there is a leader, a write through every voter
 * succeeds, watchers see it, and all members end up with the same state.
 */
export async function checkLiveness(options: LivenessOptions): Promise<void> {
  const { cluster, advance } = options;
  mendAll(cluster);
  const within = async (property: string, holds: () => boolean, details: () => string) => {
    await advance(holds, stepMsMax);
    if (!holds()) throw new SimFailure(property, `not within ${stepMsMax} ms: ${details()}`);
  };
  await within(
    'a healthy cluster elects a leader, and requests end',
    () => options.requestsAreDone() && hasSettled(cluster),
    () => show(cluster),
  );
  retire(cluster);
  let revision = 0;
  for (const machine of votersOf(cluster)) {
    const write = { revision: 0 };
    void writeUntilDone(machine, options, write);
    await within(
      'a write through every member succeeds',
      // One whose log was damaged may turn out to be so only now.
      () => write.revision > 0 || cluster.condemned.has(machine),
      () => `through ${machine.name}: ${show(cluster)}`,
    );
    revision = Math.max(revision, write.revision);
  }
  await within(
    'watchers see every write',
    () => options.watchersHaveSeen(revision),
    () => `revision ${revision}`,
  );
  await within(
    'members converge',
    () => haveConverged(cluster),
    () => show(cluster),
  );
}

function mendAll(cluster: Cluster): void {
  const { network, machines, condemned } = cluster;
  network.heal();
  network.setKnobs({ lossChance: 0, duplicateChance: 0, corruptChance: 0, delayMsMean: 1 });
  cluster.clientNetwork = { delayMsMean: 1, breakChance: 0 };
  for (const machine of machines) {
    machine.killAfter(0);
    machine.disk.setKnobs({
      syncLatencyMs: [0.1, 2],
      stallChance: 0,
      syncFailChance: 0,
      capacityBytes: Number.MAX_SAFE_INTEGER,
    });
    if (machine.machine.isPaused) machine.machine.resume();
    if (!machine.isUp && !condemned.has(machine)) machine.start();
  }
}

/** There is a leader that has applied all there is, and so knows who is a member: itself too. */
function hasSettled(cluster: Cluster): boolean {
  const member = cluster.leader?.member;
  if (member === null || member === undefined) return false;
  const { conf, term, applied, lastIndex } = member.raft();
  return (
    conf.votersOutgoing.length === 0 &&
    conf.voters.includes(member.memberId) &&
    applied === lastIndex &&
    member.store.appliedTerm === term
  );
}

/** Takes away what is no member any more. */
function retire(cluster: Cluster): void {
  const members = cluster.leader?.member?.members.list() ?? [];
  const ids = new Set<bigint>(members.map(({ id }) => id));
  for (const machine of [...cluster.machines]) {
    if (!ids.has(machine.memberId)) cluster.removeMachine(machine);
  }
}

function votersOf(cluster: Cluster): Machine[] {
  const voters = cluster.leader?.member?.raft().conf.voters ?? [];
  return cluster.machines.filter(
    (machine) => voters.includes(machine.memberId) && !cluster.condemned.has(machine),
  );
}

async function writeUntilDone(
  machine: Machine,
  { cluster, prng }: LivenessOptions,
  write: { revision: number },
): Promise<void> {
  const channel = cluster.connectTo(machine, 'final', prng);
  const put = { key: fromLatin1('final'), value: fromLatin1('final:1~') };
  while (write.revision === 0) {
    try {
      const response = await channel.unary(KV.methods.Put, put, { timeoutMs: 10_000 });
      write.revision = response.header?.revision ?? 0;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      await pause(cluster.scheduler, 'final', 100);
    }
  }
}

function haveConverged(cluster: Cluster): boolean {
  const stores = cluster.machines
    .filter((machine) => !cluster.condemned.has(machine))
    .map((machine) => machine.member?.store);
  const first = stores[0];
  return stores.every(
    (store) =>
      store !== undefined &&
      store.appliedIndex === first?.appliedIndex &&
      store.appliedHash === first.appliedHash,
  );
}

function show(cluster: Cluster): string {
  return cluster.machines
    .map(({ name, member, isUp }) => {
      if (member === null) return `${name} ${isUp ? 'starts' : 'is down'}`;
      const { role, term, commit, applied, lastIndex, conf } = member.raft();
      return `${name} ${role} in term ${term} of ${showConf(conf)}, log to ${lastIndex}, committed ${commit}, applied ${applied}`;
    })
    .join('; ');
}
