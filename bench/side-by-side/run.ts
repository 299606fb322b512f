import type { Comparison } from './comparison.js';
import { measureGrowth } from './many-keys.js';
import type { Measurement } from './measurement.js';
import type { BenchOptions } from './options.js';
import { growthRows, putReadKey, type Row, type RowTools, rows } from './rows.js';
import { Side, type SideOptions } from './side.js';

/** Members of a cluster that was under load are given this long to come to rest. */
const restMs = 500;

/** The rows that the options ask for and the machine has the programs for. */
export function selectRows(options: BenchOptions): {
  readonly rows: Row[];
  readonly skipped: Row[];
} {
  const asked = rows.filter((row) => isAsked(options, row));
  const canRun = ({ tool }: Row) =>
    (tool !== 'h2load' || options.hasH2load) &&
    (tool !== 'etcd benchmark' || options.etcdBenchmark !== null);
  return { rows: asked.filter(canRun), skipped: asked.filter((row) => !canRun(row)) };
}

function isAsked(
  { only }: BenchOptions,
  { name, tool }: { readonly name: string; readonly tool: string },
): boolean {
  return only.length === 0 || only.some((text) => name.includes(text) || tool.includes(text));
}

/** Who is told how a comparison goes. */
export interface CompareObserver {
  /** What is done now. */
  onStep(text: string): void;
  /** A row is measured. */
  onDone(comparison: Comparison): void;
}

/** Runs the rows, one after the other. */
export async function compareAll(
  options: BenchOptions,
  observer: CompareObserver,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  const add = (comparison: Comparison) => {
    comparisons.push(comparison);
    observer.onDone(comparison);
  };
  const selected = selectRows(options).rows;
  if (selected.length > 0) await compareRows(selected, options, { ...observer, onDone: add });
  if (options.hasGrowth) for (const each of await compareGrowth(options, observer)) add(each);
  return comparisons;
}

async function compareRows(
  selected: readonly Row[],
  options: BenchOptions,
  { onStep, onDone }: CompareObserver,
): Promise<void> {
  const tools: RowTools = { seconds: options.seconds, etcdBenchmark: options.etcdBenchmark };
  const sides: Side[] = [];
  try {
    for (const each of sideOptions(options)) {
      onStep(`starting ${each.kind}`);
      const side = await Side.start(each);
      sides.push(side);
      await putReadKey(side);
    }
    for (const row of selected) onDone(await compareRow(row, { sides, options, tools, onStep }));
  } finally {
    for (const side of sides) await side.stop();
  }
}

/** All rounds of a row. One that fails ends the row and not the comparison. */
async function compareRow(
  row: Row,
  run: {
    readonly sides: readonly Side[];
    readonly options: BenchOptions;
    readonly tools: RowTools;
    readonly onStep: CompareObserver['onStep'];
  },
): Promise<Comparison> {
  const { sides, options, tools } = run;
  const rounds = new Map(sides.map((side) => [side.kind, [] as Measurement[]]));
  let failure: string | null = null;
  for (let round = 0; round < options.rounds && failure === null; round++) {
    // Each begins in turn, so that neither always runs after the other.
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      run.onStep(`${row.name}: round ${round + 1} of ${options.rounds}, ${side.kind}`);
      await rest();
      try {
        rounds.get(side.kind)?.push(await row.run(side, tools));
      } catch (error) {
        failure = `${side.kind}: ${textOf(error)}`;
        break;
      }
    }
  }
  return {
    name: row.name,
    tool: row.tool,
    goals: row.goals,
    ours: rounds.get('flotilla') ?? [],
    theirs: rounds.get('etcd') ?? null,
    failure,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Each cluster by itself, for its memory counts. */
async function compareGrowth(
  options: BenchOptions,
  { onStep }: CompareObserver,
): Promise<Comparison[]> {
  const tool = 'flotilla bench';
  const asked = growthRows(options.keys).filter(({ name }) => isAsked(options, { name, tool }));
  if (asked.length === 0) return [];
  const load = { keys: options.keys, valueSizeBytes: 256 };
  const found = new Map<string, Awaited<ReturnType<typeof measureGrowth>>>();
  let failure: string | null = null;
  for (const each of sideOptions(options)) {
    onStep(`${options.keys} keys: ${each.kind}`);
    try {
      found.set(each.kind, await measureGrowth(each, load));
    } catch (error) {
      failure = `${each.kind}: ${textOf(error)}`;
    }
  }
  const roundsOf = (kind: string, part: 'memory' | 'restart') => {
    const measured = found.get(kind);
    return measured === undefined ? [] : [measured[part]];
  };
  return asked.map(({ name, part, goals }) => ({
    ...{ name, tool, goals, failure },
    ours: roundsOf('flotilla', part),
    theirs: options.isAgainstEtcd ? roundsOf('etcd', part) : null,
  }));
}

function sideOptions(options: BenchOptions): SideOptions[] {
  const { dataDir, members, flotilla, etcd, isAgainstEtcd } = options;
  const ours = { kind: 'flotilla', program: flotilla, members, dataDir } as const;
  const theirs = { kind: 'etcd', program: etcd, members, dataDir } as const;
  return isAgainstEtcd ? [theirs, ours] : [ours];
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, restMs));
}
