import { type RunCommand, runToSuccess } from '../../../host/command.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily, ServicePortView } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { entryRules } from './entry-rules.js';
import { IptablesWriter } from './iptables-writer.js';
import { type IptablesFragment, planPort } from './plan-port.js';
import { mergeFragments, servesLoopback } from './plan-rules.js';
import type { IptablesRules } from './tables.js';

const ownChain =
  /^KUBE-(?:(?:SVC|SVL|EXT|FW|SEP)-|(?:SERVICES|NODEPORTS|POSTROUTING|HAIRPIN|MARK-MASQ|FIREWALL|EXTERNAL-SERVICES|PROXY-FIREWALL|FORWARD)$)/;

/** Rules of iptables: each sync writes the chains that changed, the first and those after a failure all of them. */
export class IptablesBackend implements ProxyBackend {
  readonly #run: RunCommand;
  readonly #writer: IptablesWriter;
  /** Of ports that did not change since the last sync. */
  #fragments = new Map<ServicePortView, IptablesFragment>();
  #facts: NodeFacts | null = null;

  constructor({ run, family }: { readonly run: RunCommand; readonly family: IpFamily }) {
    this.#run = run;
    const isOurs = (chain: string) => ownChain.test(chain);
    this.#writer = new IptablesWriter({ run, family, entries: entryRules, isOurs });
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    if (facts !== this.#facts && servesLoopback(facts)) await this.#routeLoopback();
    const next = this.#plan(ports, facts);
    if (isPeriodic) await this.#writer.check();
    await this.#writer.write(next);
  }

  async cleanUp(): Promise<void> {
    await this.#writer.remove();
  }

  #plan(ports: readonly ServicePortView[], facts: NodeFacts): IptablesRules {
    const known = facts === this.#facts ? this.#fragments : new Map();
    const fragments = new Map<ServicePortView, IptablesFragment>();
    for (const port of ports) fragments.set(port, known.get(port) ?? planPort(port, facts));
    this.#fragments = fragments;
    this.#facts = facts;
    return mergeFragments(fragments.values(), facts);
  }

  /** Else the kernel drops what leaves the node with a loopback address, before it is masqueraded. */
  async #routeLoopback(): Promise<void> {
    const args = ['-qw', 'net.ipv4.conf.all.route_localnet=1'];
    await runToSuccess(this.#run, { command: 'sysctl', args });
  }
}
