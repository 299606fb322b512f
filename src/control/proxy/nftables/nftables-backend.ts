import type { RunCommand } from '../../../host/command.js';
import { NftWriter } from '../../dataplane/nft-writer.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { isAffinitySet, tableName } from './object-names.js';
import { ServiceTable } from './service-table.js';
import { ipWord } from './words.js';

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
