import { Command, type CommanderError } from 'commander';
import { addFlags, type BenchFlags, plans } from './bench/flags.js';

/** Usage errors end with 2. */
const exitCodeUsage = 2;

/**
 * `flotilla bench`: loads for any server with etcd's v3 API. What they run on is loaded when one is run: the other commands of
 * the program start without it.
 */
export function benchCommand(): Command {
  const bench = new Command('bench')
    .description("Measure a store, or any server with etcd's v3 API.")
    .exitOverride(exitAfter);
  for (const plan of plans) {
    const command = new Command(plan.name)
      .description(plan.description)
      .allowExcessArguments(false)
      .exitOverride(exitAfter)
      .action(async (flags: Partial<BenchFlags>) => {
        const { runBench } = await import('./bench/actions.js');
        await runBench(plan, flags);
      });
    bench.addCommand(addFlags(command, plan));
  }
  const compare = new Command('compare')
    .description('Compare reports that --json has written; ratios are to the first.')
    .argument('<files...>', 'reports')
    .option('--html <file>', 'write the comparison there as a page with charts')
    .exitOverride(exitAfter)
    .action(async (paths: string[], { html }: { readonly html?: string }) => {
      const { compareReports } = await import('./bench/actions.js');
      await compareReports(paths, html ?? null);
    });
  return bench.addCommand(compare);
}

/** Commander has said what is wrong, or helped. */
function exitAfter({ exitCode }: CommanderError): never {
  process.exit(exitCode === 0 ? 0 : exitCodeUsage);
}
