import type { RunCommand } from '../../../host/command.js';
import type { NftTable } from '../../dataplane/nft-table.js';
import { NftWriter } from '../../dataplane/nft-writer.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily, ServicePortView } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { tableName } from './object-names.js';
import { ipWord, type PortFragment, planPort } from './plan-port.js';
import { mergeFragments } from './plan-table.js';

/** Rules in the kernel's nftables. */
export class NftablesBackend implements ProxyBackend {
  readonly #writer: NftWriter;
  /** Of ports that did not change since the last sync. */
  #fragments = new Map<ServicePortView, PortFragment>();
  #facts: NodeFacts | null = null;

  constructor({ run, family }: { readonly run: RunCommand; readonly family: IpFamily }) {
    this.#writer = new NftWriter(run, { family: ipWord(family), name: tableName });
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    if (isPeriodic) await this.#writer.check({ name: 'nat-prerouting', rule: 'jump services' });
    await this.#writer.write(this.#plan(ports, facts));
  }

  async cleanUp(): Promise<void> {
    await this.#writer.remove();
  }

  #plan(ports: readonly ServicePortView[], facts: NodeFacts): NftTable {
    const known = facts === this.#facts ? this.#fragments : new Map();
    const fragments = new Map<ServicePortView, PortFragment>();
    for (const port of ports) fragments.set(port, known.get(port) ?? planPort(port, facts));
    this.#fragments = fragments;
    this.#facts = facts;
    return mergeFragments(fragments.values(), facts);
  }
}
