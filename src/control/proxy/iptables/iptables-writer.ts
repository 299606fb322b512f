import { type CommandLine, type RunCommand, runToSuccess } from '../../../host/command.js';
import type { IpFamily } from '../model/service-port.js';
import type { EntryRule } from './entry-rules.js';
import { type IptablesRules, noRules, restoreText } from './tables.js';

/** What a writer is made of. */
export interface IptablesWriterOptions {
  readonly run: RunCommand;
  readonly family: IpFamily;
  /** Where the built-in chains lead to ours; the first is looked at to see whether all are there. */
  readonly entries: readonly [EntryRule, ...EntryRule[]];
  /** Whether a chain of these tables is ours, whoever made it. */
  readonly isOurs: (chain: string) => boolean;
}

const waitSeconds = '5';
/** Of what changes rules: ten thousand services on a slow machine. */
const timeoutMs = 300_000;

/** Keeps our chains as it is told: each write changes the chains that differ, the first and those after a failure all of them. */
export class IptablesWriter {
  readonly #options: IptablesWriterOptions;
  readonly #iptables: string;
  /** What the kernel has. Null: not known. */
  #rules: IptablesRules | null = null;

  constructor(options: IptablesWriterOptions) {
    this.#options = options;
    this.#iptables = options.family === 4 ? 'iptables' : 'ip6tables';
  }

  /** One at a time. Rejects with CommandError. */
  async write(next: IptablesRules): Promise<void> {
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

  /** Looks whether somebody took our rules away; if so, the next write makes all of them. */
  async check(): Promise<void> {
    if ((await this.#run(entryArgs('-C', this.#options.entries[0]))).exitCode !== 0)
      this.#rules = null;
  }

  /** Takes all that is ours away; there may be nothing. */
  async remove(): Promise<void> {
    this.#rules = null;
    for (const entry of this.#options.entries) {
      // One that is not there is no failure; several may be there.
      for (let times = 0; times < 3; times++) {
        if ((await this.#run(entryArgs('-D', entry))).exitCode !== 0) break;
      }
    }
    await this.#restore(restoreText(await this.#ours(), noRules));
  }

  async #restore(stdin: string): Promise<void> {
    const args = ['--noflush', '-w', waitSeconds];
    if (stdin !== '')
      await this.#ok({ command: `${this.#iptables}-restore`, args, stdin, timeoutMs });
  }

  /** Chains of ours that the kernel has, whoever made them, with rules that equal no others. */
  async #ours(): Promise<IptablesRules> {
    const text = await this.#ok({ command: `${this.#iptables}-save`, args: [] });
    const found = { nat: new Map<string, string[]>(), filter: new Map<string, string[]>() };
    let table = '';
    for (const line of text.split('\n')) {
      if (line.startsWith('*')) table = line.slice(1);
      const chain = /^:(\S+) /.exec(line)?.[1];
      if (chain === undefined || !this.#options.isOurs(chain)) continue;
      if (table === 'nat' || table === 'filter') found[table].set(chain, ['(unknown)']);
    }
    return found;
  }

  /** Ours come first: what others refuse of services is refused after they are translated. */
  async #enter(): Promise<void> {
    for (const entry of this.#options.entries) {
      if ((await this.#run(entryArgs('-C', entry))).exitCode === 0) continue;
      await this.#ok({ command: this.#iptables, args: entryArgs('-I', entry) });
    }
  }

  #run(args: readonly string[]) {
    return this.#options.run({ command: this.#iptables, args });
  }

  #ok(line: CommandLine): Promise<string> {
    return runToSuccess(this.#options.run, line);
  }
}

function entryArgs(verb: '-C' | '-D' | '-I', { table, from, match, to }: EntryRule) {
  return ['-w', waitSeconds, '-t', table, verb, from, ...match, '-j', to];
}
