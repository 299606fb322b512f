import { type RunCommand, runToSuccess } from '../../host/command.js';
import { change, rebuild } from './nft-change.js';
import type { NftTable } from './nft-table.js';
import { transactionText } from './nft-text.js';

/** Keeps one table of the kernel as it is told: each write is one transaction with what changed, the first and those after a failure rebuild all. */
export class NftWriter {
  readonly #run: RunCommand;
  readonly #at: Pick<NftTable, 'family' | 'name'>;
  /** What the kernel has. Null: not known. */
  #table: NftTable | null = null;

  constructor(run: RunCommand, at: Pick<NftTable, 'family' | 'name'>) {
    this.#run = run;
    this.#at = at;
  }

  /** One at a time. Rejects with CommandError; the next write then rebuilds. */
  async write(next: NftTable): Promise<void> {
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

  /** Looks whether the table is there: `nft flush ruleset` takes all tables, whosever they are. If not, the next write rebuilds it. */
  async check(chain: { readonly name: string; readonly rule: string }): Promise<void> {
    if (this.#table === null) return;
    const args = ['list', 'chain', this.#at.family, this.#at.name, chain.name];
    const { exitCode, stdout } = await this.#run({ command: 'nft', args });
    if (exitCode !== 0 || !stdout.includes(chain.rule)) this.#table = null;
  }

  /** Takes the table away, whoever made it; there may be none. */
  async remove(): Promise<void> {
    this.#table = null;
    await this.#nft(transactionText(this.#at, [{ do: 'add-table' }, { do: 'delete-table' }]));
  }

  async #apply(before: NftTable | null, next: NftTable): Promise<void> {
    const commands = before === null ? rebuild(next) : change(before, next);
    if (commands.length > 0) await this.#nft(transactionText(next, commands));
  }

  async #nft(stdin: string): Promise<void> {
    await runToSuccess(this.#run, { command: 'nft', args: ['-f', '-'], stdin });
  }
}
