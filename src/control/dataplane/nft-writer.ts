import { CommandError, type RunCommand, runToSuccess } from '../../host/command.js';
import { change, type NftCommand, rebuild, rebuildKeeping } from './nft-change.js';
import type { NftObject, NftTable } from './nft-table.js';
import { transactionText } from './nft-text.js';

/** How a table differs from what was written last. */
export interface NftTableChange {
  /** What of the last table differs, and what it is to be: each may leave out what both have. */
  readonly before: NftTable;
  readonly after: NftTable;
  /** All of the new table. */
  readonly whole: () => NftTable;
}

/** What a writer is made of. */
export interface NftWriterOptions {
  readonly run: RunCommand;
  /** The table, which is this writer's alone. */
  readonly at: Pick<NftTable, 'family' | 'name'>;
  /** Sets that rules fill, by name, whose elements are to outlive a rebuild. Default: none. */
  readonly isKept?: (set: string) => boolean;
  /** How long a transaction may take. Default: 5 minutes, which only machines in distress need. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 300_000;

/** Keeps one table of the kernel as it is told: each write is one transaction with what changed, the first and those after a failure rebuild all. */
export class NftWriter {
  readonly #options: NftWriterOptions;
  /** The last one that was written as a whole. */
  #table: NftTable | null = null;
  /** Whether the kernel has what was written last. */
  #isKnown = false;

  constructor(options: NftWriterOptions) {
    this.#options = options;
  }

  /** One at a time. Rejects with CommandError; the next write then rebuilds. */
  async write(next: NftTable): Promise<void> {
    const before = this.#table ?? next;
    this.#table = next;
    await this.writeChange({ before, after: next, whole: () => next });
  }

  /** Like {@link write}, for who knows what changed. A table is written either way, never both. */
  async writeChange({ before, after, whole }: NftTableChange): Promise<void> {
    const isKnown = this.#isKnown;
    this.#isKnown = false;
    try {
      await this.#commit(isKnown ? change(before, after) : await this.#rebuild(whole()));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Somebody else changed our table, and a change does not fit any more: a rebuild from nothing fits always.
      await this.#commit(rebuild(whole()));
    }
    this.#isKnown = true;
  }

  /** Looks whether the table is there: `nft flush ruleset` takes all tables, whosever they are. If not, the next write rebuilds it. */
  async check(chain: { readonly name: string; readonly rule: string }): Promise<void> {
    if (!this.#isKnown) return;
    const { run, at } = this.#options;
    const args = ['list', 'chain', at.family, at.name, chain.name];
    const { exitCode, stdout } = await run({ command: 'nft', args });
    if (exitCode !== 0 || !stdout.includes(chain.rule)) this.#isKnown = false;
  }

  /** Makes the next write rebuild. */
  forget(): void {
    this.#isKnown = false;
  }

  /** Takes the table away, whoever made it; there may be none. */
  async remove(): Promise<void> {
    this.#isKnown = false;
    await this.#commit([{ do: 'add-table' }, { do: 'delete-table' }]);
  }

  async #rebuild(next: NftTable): Promise<readonly NftCommand[]> {
    const { isKept } = this.#options;
    if (isKept === undefined) return rebuild(next);
    const existing = await this.#existing();
    return existing === null ? rebuild(next) : rebuildKeeping(next, existing, isKept);
  }

  /** The objects that the kernel has; of what they hold nothing is said. Null: there is no table, or nobody can read it. */
  async #existing(): Promise<readonly NftObject[] | null> {
    const { run, at } = this.#options;
    const args = ['-j', '-t', 'list', 'table', at.family, at.name];
    const { exitCode, stdout } = await run({ command: 'nft', args });
    return exitCode === 0 ? objectsOf(stdout) : null;
  }

  async #commit(commands: readonly NftCommand[]): Promise<void> {
    if (commands.length === 0) return;
    const { run, at, timeoutMs = timeoutMsDefault } = this.#options;
    const stdin = transactionText(at, commands);
    await runToSuccess(run, { command: 'nft', args: ['-f', '-'], stdin, timeoutMs });
  }
}

/** What `nft -j list table` shows. */
function objectsOf(text: string): readonly NftObject[] | null {
  type Row = Readonly<Record<string, { readonly name?: string }>>;
  const { nftables = [] } = JSON.parse(text) as { readonly nftables?: readonly Row[] };
  return nftables.flatMap(({ chain, set, map }): NftObject[] => {
    if (chain?.name !== undefined)
      return [{ kind: 'chain', name: chain.name, spec: '', rules: [] }];
    const [kind, name] =
      map?.name === undefined ? (['set', set?.name] as const) : (['map', map.name] as const);
    return name === undefined ? [] : [{ kind, name, spec: '', elements: new Map() }];
  });
}
