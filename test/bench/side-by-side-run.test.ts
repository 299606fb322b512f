import t from 'tap';
import { resultsOf } from '../../bench/side-by-side/comparison.js';
import { type BenchOptions, parseOptions } from '../../bench/side-by-side/options.js';
import { compareAll } from '../../bench/side-by-side/run.js';
import { needs } from '../e2e/project.js';

function optionsOf(argv: readonly string[]): BenchOptions {
  const options = parseOptions([...argv, '--rounds', '2', '--seconds', '1'], process.env);
  if ('text' in options) throw new Error(options.text);
  return options;
}

async function run(argv: readonly string[]) {
  const steps: string[] = [];
  const comparisons = await compareAll(optionsOf(argv), {
    onStep: (text) => steps.push(text),
    onDone: () => {},
  });
  return { steps, comparisons };
}

t.test('compareAll: a row of ours alone, on a cluster of one', async (t) => {
  const { steps, comparisons } = await run(['--members', '1', '--only', 'random keys']);
  t.equal(comparisons.length, 1);
  const [comparison] = comparisons;
  t.equal(comparison!.ours.length, 2, 'two rounds');
  t.equal(comparison!.theirs, null);
  t.equal(comparison!.failure, null);
  t.ok(comparison!.ours.every(({ errors }) => errors === 0));
  t.same(
    resultsOf(comparison!).map(({ metric }) => metric),
    ['perSecond', 'p50Ms', 'p99Ms', 'maxMs', 'serverCpuUs'],
  );
  t.ok(resultsOf(comparison!).every(({ ours }) => ours > 0));
  t.match(steps[0], 'starting flotilla');
});

t.test('compareAll: a tool that fails ends its row, not the comparison', async (t) => {
  const argv = [
    '--members',
    '1',
    '--etcd-benchmark',
    '/bin/false',
    '--only',
    'put 256 B, 1 client',
  ];
  const { comparisons } = await run([...argv, '--only', 'random keys']);
  const [random, oneClient] = comparisons;
  t.equal(comparisons.length, 2);
  t.equal(random!.failure, null);
  t.match(oneClient!.failure, /^flotilla: \/bin\/false ended with 1/);
  t.same(oneClient!.ours, []);
});

t.test('compareAll: under h2load, beside etcd, in turns', needs('h2load', 'etcd'), async (t) => {
  const argv = ['--against', 'etcd', '--members', '1', '--only', 'put 256 B, 8 x 100 streams'];
  const { steps, comparisons } = await run(argv);
  const [comparison] = comparisons;
  t.equal(comparison!.theirs?.length, 2);
  t.ok([...comparison!.ours, ...comparison!.theirs!].every(({ errors }) => errors === 0));
  t.ok(resultsOf(comparison!).every(({ ratio }) => ratio !== null && ratio > 0));
  t.same(
    steps.filter((step) => step.includes('round')).map((step) => step.split(', ').at(-1)),
    ['etcd', 'flotilla', 'flotilla', 'etcd'],
    'each begins once',
  );
});
