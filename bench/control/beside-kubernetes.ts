/**
 * A whole cluster beside one of Kubernetes on this machine, in turn: `node dist/bench/control/beside-kubernetes.js --kubernetes DIR
 * [--etcd PATH] [--parts scheduling|all] [--rounds 3] [--in-flight 64,128,256] [--nodes 1000] [--pods 5000]`. DIR has `kube-apiserver`,
 * `kube-scheduler` and for all parts `kube-controller-manager`; they run on one etcd, ours on three members of the store. Each round makes
 * both clusters anew, cold; which of them begins changes. Prints medians, and their ratios, as a table for each number of requests in flight.
 */
import { parseArgs } from 'node:util';
import { type ClusterBenchResult, measure } from './cluster/measure.js';
import { parseClusterOptions } from './cluster/options.js';
import { table } from './cluster/result-text.js';

const { values } = parseArgs({
  options: {
    kubernetes: { type: 'string' },
    etcd: { type: 'string', default: 'etcd' },
    parts: { type: 'string', default: 'scheduling' },
    rounds: { type: 'string', default: '3' },
    'in-flight': { type: 'string', default: '64,128,256' },
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '5000' },
  },
});
const { kubernetes, etcd, parts, nodes, pods } = values;
if (kubernetes === undefined) throw new Error('--kubernetes names the folder of kube-apiserver');
const rounds = Number(values.rounds);
const theirs = ['--kubernetes', kubernetes, '--etcd', etcd];

const own = 'this program';

/** A number that is compared. */
interface Figure {
  readonly name: string;
  readonly of: (result: ClusterBenchResult) => number;
  readonly digits: number;
}

const apiServer = ({ use }: ClusterBenchResult) => use.find(({ name }) => name === 'apiserver');
const figures: readonly Figure[] = [
  { name: 'created/s', of: (one) => one.options.pods / one.createdSeconds, digits: 0 },
  { name: 'bound/s', of: (one) => one.options.pods / one.boundSeconds, digits: 0 },
  ...(parts === 'all' ? [{ name: 'running/s', of: runningRate, digits: 0 }] : []),
  { name: 'list of all, ms', of: (one) => one.listMs, digits: 0 },
  {
    name: 'API server, MiB at most',
    of: (one) => apiServer(one)?.memoryMiBMost ?? 0,
    digits: 0,
  },
  {
    name: 'API server, CPU ms a pod',
    of: (one) => perPod(one, apiServer(one)?.cpuSeconds ?? 0),
    digits: 2,
  },
  {
    name: 'all but this program, CPU ms a pod',
    of: (one) =>
      perPod(
        one,
        one.use.reduce((sum, each) => sum + (each.name === own ? 0 : each.cpuSeconds), 0),
      ),
    digits: 2,
  },
  { name: 'get meanwhile, p50 ms', of: (one) => latency(one, 'p50Ms'), digits: 0 },
  { name: 'get meanwhile, p99 ms', of: (one) => latency(one, 'p99Ms'), digits: 0 },
];

for (const inFlight of values['in-flight'].split(',')) {
  const load = ['--in-flight', inFlight, '--nodes', nodes, '--pods', pods];
  const flags = ['--parts', parts, '--no-delete', ...load];
  const run = (more: readonly string[]) => measure(parseClusterOptions([...flags, ...more]));
  const results: [ours: ClusterBenchResult[], kubernetes: ClusterBenchResult[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      process.stderr.write(`${side === 0 ? 'ours' : 'Kubernetes'}, ${inFlight} in flight\n`);
      results[side].push(await run(side === 0 ? [] : theirs));
    }
  }
  const rows = figures.map(({ name, of, digits }) => {
    const [ours = 0, kubernetes = 0] = results.map((side) => median(side.map(of)));
    return [name, ours.toFixed(digits), kubernetes.toFixed(digits), (ours / kubernetes).toFixed(2)];
  });
  const head = [`${inFlight} in flight`, 'ours', 'Kubernetes', 'ratio'];
  process.stdout.write(`${table([head, ...rows])}\n\n`);
}
process.exit(0);

function runningRate({ options, runningSeconds, boundSeconds }: ClusterBenchResult): number {
  return options.pods / (runningSeconds ?? boundSeconds);
}

function perPod({ options }: ClusterBenchResult, seconds: number): number {
  return (seconds * 1000) / options.pods;
}

function latency({ latencies }: ClusterBenchResult, of: 'p50Ms' | 'p99Ms'): number {
  return latencies.find(({ verb }) => verb === 'get')?.[of] ?? 0;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
