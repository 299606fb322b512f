import { type CommandLine, type RunCommand, runToSuccess } from '../../../host/command.js';
import type { NodeFacts } from '../model/node-facts.js';
import type { IpFamily, ServicePortView } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { entryRules } from './entry-rules.js';
import { type IptablesFragment, planPort } from './plan-port.js';
import { mergeFragments, servesLoopback } from './plan-rules.js';
import { type IptablesRules, noRules, restoreText } from './tables.js';

const waitSeconds = '5';
/** Of what changes rules: ten thousand services on a slow machine. */
const timeoutMs = 300_000;

/** Rules of iptables: each sync writes the chains that changed, the first and those after a failure all of them. */
export class IptablesBackend implements ProxyBackend {
  readonly #run: RunCommand;
  readonly #iptables: string;
  /** What the kernel has. Null: not known. */
  #rules: IptablesRules | null = null;
  /** Of ports that did not change since the last sync. */
  #fragments = new Map<ServicePortView, IptablesFragment>();
  #facts: NodeFacts | null = null;

  constructor({ run, family }: { readonly run: RunCommand; readonly family: IpFamily }) {
    this.#run = run;
    this.#iptables = family === 4 ? 'iptables' : 'ip6tables';
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    const next = this.#plan(ports, facts);
    if (isPeriodic && !(await this.#isIntact())) this.#rules = null;
    const before = this.#rules;
    this.#rules = null;
    if (before === null) {
      await this.#restore(restoreText(await this.#ours(), next));
      await this.#enter();
      if (servesLoopback(facts)) await this.#routeLoopback();
    } else {
      await this.#restore(restoreText(before, next));
    }
    this.#rules = next;
  }

  async cleanUp(): Promise<void> {
    this.#rules = null;
    for (const { table, from, match, to } of entryRules) {
      // One that is not there is no failure; several may be there.
      for (let times = 0; times < 3; times++) {
        const args = ['-w', waitSeconds, '-t', table, '-D', from, ...match, '-j', to];
        if ((await this.#run({ command: this.#iptables, args })).exitCode !== 0) break;
      }
    }
    await this.#restore(restoreText(await this.#ours(), noRules));
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
    await this.#ok({ command: 'sysctl', args: ['-qw', 'net.ipv4.conf.all.route_localnet=1'] });
  }

  async #restore(stdin: string): Promise<void> {
    const args = ['--noflush', '-w', waitSeconds];
    if (stdin !== '') {
      await this.#ok({ command: `${this.#iptables}-restore`, args, stdin, timeoutMs });
    }
  }

  /** Chains of ours that the kernel has, whoever made them, with rules that equal no others. */
  async #ours(): Promise<IptablesRules> {
    const text = await this.#ok({ command: `${this.#iptables}-save`, args: [] });
    const found = { nat: new Map<string, string[]>(), filter: new Map<string, string[]>() };
    let table = '';
    for (const line of text.split('\n')) {
      if (line.startsWith('*')) table = line.slice(1);
      const chain =
        /^:(KUBE-(?:SVC|SVL|EXT|FW|SEP|SERVICES|NODEPORTS|POSTROUTING|HAIRPIN|MARK-MASQ|FIREWALL|EXTERNAL-SERVICES|PROXY-FIREWALL|FORWARD)\S*) /.exec(
          line,
        )?.[1];
      if (chain !== undefined && (table === 'nat' || table === 'filter'))
        found[table].set(chain, ['(unknown)']);
    }
    return found;
  }

  /** Ours come first: what others refuse of services is refused after they are translated. */
  async #enter(): Promise<void> {
    for (const { table, from, match, to } of entryRules) {
      const rule = [from, ...match, '-j', to];
      const args = (verb: string) => ['-w', waitSeconds, '-t', table, verb, ...rule];
      const { exitCode } = await this.#run({ command: this.#iptables, args: args('-C') });
      if (exitCode !== 0) await this.#ok({ command: this.#iptables, args: args('-I') });
    }
  }

  async #isIntact(): Promise<boolean> {
    const args = ['-w', waitSeconds, '-t', 'nat', '-C', 'PREROUTING', '-j', 'KUBE-SERVICES'];
    return (await this.#run({ command: this.#iptables, args })).exitCode === 0;
  }

  #ok(line: CommandLine): Promise<string> {
    return runToSuccess(this.#run, line);
  }
}
