import { type CommandLine, type RunCommand, runToSuccess } from '../../../host/command.js';
import type { IpFamily } from '../model/service-port.js';
import type { FamilyView, ProxyBackend } from '../proxy-backend.js';
import { entryRules, planRules } from './plan-rules.js';
import { type IptablesRules, noRules, restoreText } from './tables.js';

const waitSeconds = '5';

/** Rules of iptables: each sync writes the chains that changed, the first and those after a failure all of them. */
export class IptablesBackend implements ProxyBackend {
  readonly #run: RunCommand;
  readonly #iptables: string;
  /** What the kernel has. Null: not known. */
  #rules: IptablesRules | null = null;

  constructor({ run, family }: { readonly run: RunCommand; readonly family: IpFamily }) {
    this.#run = run;
    this.#iptables = family === 4 ? 'iptables' : 'ip6tables';
  }

  async sync(
    { ports, facts }: FamilyView,
    { isPeriodic }: { readonly isPeriodic: boolean } = { isPeriodic: false },
  ): Promise<void> {
    const next = planRules(ports, facts);
    if (isPeriodic && !(await this.#isIntact())) this.#rules = null;
    const before = this.#rules;
    this.#rules = null;
    if (before === null) {
      await this.#restore(restoreText(await this.#ours(), next));
      await this.#enter();
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

  async #restore(stdin: string): Promise<void> {
    const args = ['--noflush', '-w', waitSeconds];
    if (stdin !== '') {
      await this.#ok({ command: `${this.#iptables}-restore`, args, stdin });
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
        /^:(KUBE-(?:SVC|SVL|EXT|FW|SEP|SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|EXTERNAL-SERVICES|PROXY-FIREWALL|FORWARD)\S*) /.exec(
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
