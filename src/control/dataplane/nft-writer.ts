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

  /** Looks whether a chain has rules: `nft flush ruleset` takes all tables, whosever they are. If not, the next write rebuilds the table. */
  async check(chain: string): Promise<void> {
    if (!this.#isKnown) return;
    const listed = await this.#list();
    if (listed?.some(({ rule }) => rule?.chain === chain) !== true) this.#isKnown = false;
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

  /** The objects that the kernel has; of what they hold nothing is said. Null: nobody can read it. */
  async #existing(): Promise<readonly NftObject[] | null> {
    return (await this.#list())?.flatMap(objectsOf) ?? null;
  }

  /**
   * The table's own rows of a listing. All rules of a family are listed without what sets hold: of a single table or chain nft 1.0 reads
   * the sets too, which takes it seconds where there are many elements.
   */
  async #list(): Promise<readonly ListedRow[] | null> {
    const { run, at } = this.#options;
    const args = ['-j', '-t', 'list', 'ruleset', at.family];
    const { exitCode, stdout } = await run({ command: 'nft', args });
    if (exitCode !== 0) return null;
    const { nftables = [] } = JSON.parse(stdout) as { readonly nftables?: readonly ListedRow[] };
    return nftables.filter((row) => Object.values(row).some(({ table }) => table === at.name));
  }

  async #commit(commands: readonly NftCommand[]): Promise<void> {
    if (commands.length === 0) return;
    const { run, at, timeoutMs = timeoutMsDefault } = this.#options;
    const stdin = transactionText(at, commands);
    await runToSuccess(run, { command: 'nft', args: ['-f', '-'], stdin, timeoutMs });
  }
}

/** One of what `nft -j list` shows, by its kind. */
type ListedRow = Readonly<
  Partial<
    Record<
      'chain' | 'set' | 'map' | 'rule',
      { readonly table?: string; readonly name?: string; readonly chain?: string }
    >
  >
>;

function objectsOf({ chain, set, map }: ListedRow): readonly NftObject[] {
  if (chain?.name !== undefined) return [{ kind: 'chain', name: chain.name, spec: '', rules: [] }];
  const kind = map === undefined ? 'set' : 'map';
  const name = (map ?? set)?.name;
  return name === undefined ? [] : [{ kind, name, spec: '', elements: new Map() }];
}
