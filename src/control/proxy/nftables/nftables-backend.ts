import type { RunCommand } from '../../../host/command.js';
import { rebuild } from '../../dataplane/nft-change.js';
import { transactionText } from '../../dataplane/nft-text.js';
import { NftWriter } from '../../dataplane/nft-writer.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily, ServicePortView } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { isAffinitySet, tableName } from './object-names.js';
import { planTable } from './plan-table.js';
import { ServiceTable } from './service-table.js';
import { ipWord } from './words.js';

/** A service that uses what all do. */
const sample: ServicePortView = {
  ...{ namespace: 'default', service: 'sample', portName: '', family: 4, protocol: 'tcp' },
  ...{ clusterIp: '192.0.2.1', port: 80, nodePort: 30_000, externalIps: [], loadBalancerIps: [] },
  ...{ sourceRanges: [], affinitySeconds: 60, isInternalLocal: false, isExternalLocal: true },
  clusterTargets: [{ ip: '192.0.2.2', port: 80, isLocal: false }],
  localTargets: [{ ip: '192.0.2.2', port: 80, isLocal: true }],
  hasEndpoints: true,
};

/** Why the rules cannot be had with this nft and this kernel, which are asked and left as they are; null: they can. */
export async function nftablesProblem(run: RunCommand): Promise<string | null> {
  const table = planTable([sample, { ...sample, service: 'free', affinitySeconds: 0, port: 81 }], {
    ...{ family: 4, nodePortAddresses: 'all', servesLoopbackNodePorts: false, podSource: null },
    ...{ masqueradesAll: false, masqueradeBit: 14, balance: 'random' },
  });
  const stdin = transactionText(table, rebuild(table));
  const { exitCode, stderr } = await run({ command: 'nft', args: ['-c', '-f', '-'], stdin });
  if (exitCode === 0) return null;
  const { stdout } = await run({ command: 'nft', args: ['--version'] });
  return `${stdout.trim() || 'nft'}: ${stderr.split('\n')[0]?.trim() || `exit code ${exitCode}`}`;
}

/** Rules in the kernel's nftables. Who stays with which endpoint is kept when all rules are made anew. */
export class NftablesBackend implements ProxyBackend {
  readonly #writer: NftWriter;
  #table: { readonly facts: NodeFacts; readonly services: ServiceTable } | null = null;

  constructor({ run, family }: { readonly run: RunCommand; readonly family: IpFamily }) {
    const at = { family: ipWord(family), name: tableName };
    this.#writer = new NftWriter({ run, at, isKept: isAffinitySet });
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    if (isPeriodic) await this.#writer.check('nat-prerouting');
    if (this.#table?.facts !== facts) {
      // Rules that all services share are others now.
      this.#writer.forget();
      this.#table = { facts, services: new ServiceTable(facts) };
    }
    const { services } = this.#table;
    const { before, after } = services.update(ports);
    await this.#writer.writeChange({ before, after, whole: () => services.whole() });
  }

  async cleanUp(): Promise<void> {
    await this.#writer.remove();
  }
}
