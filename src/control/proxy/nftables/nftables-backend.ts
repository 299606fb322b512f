import { type RunCommand, runToSuccess } from '../../../host/command.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily, ServicePortView } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { tableName } from './object-names.js';
import { ipWord, type PortFragment, planPort } from './plan-port.js';
import { mergeFragments } from './plan-table.js';
import type { NftTable } from './table.js';
import { change, rebuild } from './table-change.js';
import { transactionText } from './transaction-text.js';

/** Rules in the kernel's nftables: each sync is one transaction with what changed, the first and those after a failure rebuild all. */
export class NftablesBackend implements ProxyBackend {
  readonly #run: RunCommand;
  readonly #family: IpFamily;
  /** What the kernel has. Null: not known. */
  #table: NftTable | null = null;
  /** Of ports that did not change since the last sync. */
  #fragments = new Map<ServicePortView, PortFragment>();
  #facts: NodeFacts | null = null;

  constructor(options: { readonly run: RunCommand; readonly family: IpFamily }) {
    this.#run = options.run;
    this.#family = options.family;
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    if (isPeriodic && this.#table !== null && !(await this.#isIntact())) this.#table = null;
    const next = this.#plan(ports, facts);
    const before = this.#table;
    this.#table = null;
    try {
      await this.#apply(before, next);
    } catch (error) {
      // Somebody else changed our table, and a change does not fit any more: a rebuild fits always.
      if (before === null) throw error;
      await this.#apply(null, next);
    }
    this.#table = next;
  }

  async cleanUp(): Promise<void> {
    this.#table = null;
    const at = { family: ipWord(this.#family), name: tableName };
    const stdin = transactionText(at, [{ do: 'add-table' }, { do: 'delete-table' }]);
    await runToSuccess(this.#run, { command: 'nft', args: ['-f', '-'], stdin });
  }

  /** Whether the table is there: `nft flush ruleset` takes all tables, whosever they are. */
  async #isIntact(): Promise<boolean> {
    const args = ['list', 'chain', ipWord(this.#family), tableName, 'nat-prerouting'];
    const { exitCode, stdout } = await this.#run({ command: 'nft', args });
    return exitCode === 0 && stdout.includes('jump services');
  }

  #plan(ports: readonly ServicePortView[], facts: NodeFacts): NftTable {
    const known = facts === this.#facts ? this.#fragments : new Map();
    const fragments = new Map<ServicePortView, PortFragment>();
    for (const port of ports) fragments.set(port, known.get(port) ?? planPort(port, facts));
    this.#fragments = fragments;
    this.#facts = facts;
    return mergeFragments(fragments.values(), facts);
  }

  async #apply(before: NftTable | null, next: NftTable): Promise<void> {
    const commands = before === null ? rebuild(next) : change(before, next);
    if (commands.length === 0) return;
    const stdin = transactionText(next, commands);
    await runToSuccess(this.#run, { command: 'nft', args: ['-f', '-'], stdin });
  }
}
