/**
 * The scheduler without the server: `node dist/bench/control/scheduler.js [--nodes=5000] [--rows=basic,preemption] [--scale=1] [--pods=N]`. The loads of
 * Kubernetes' scheduler_perf against an API in memory, which carries objects as JSON; the scheduler with its default profile, in this
 * one thread. Throughput counts from the creation of the pods to the last binding. `threshold` is what scheduler_perf asks of Kubernetes.
 */
import { hostClock } from '../../src/host/clock.js';
import { MemoryApi } from '../../test/control/scheduler/memory-api.js';
import { startRig } from '../../test/control/scheduler/rig.js';
import { printRows, type ResultRow } from '../print-rows.js';
import { type Load, loads } from './scheduler-loads.js';

function option(name: string, fallback: string): string {
  const prefix = `--${name}=`;
  return process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length) ?? fallback;
}

async function main(): Promise<void> {
  const nodes = Number(option('nodes', '5000'));
  const scale = Number(option('scale', '1'));
  const wanted = option('rows', '')
    .split(',')
    .filter((name) => name !== '');
  const chosen = loads.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const rows: ResultRow[] = [];
  for (const load of chosen) rows.push(await measure(load, nodes, scale));
  printRows(rows);
}

async function measure(load: Load, nodeCount: number, scale: number): Promise<ResultRow> {
  const api = new MemoryApi();
  for (let i = 0; i < nodeCount; i++) api.put('nodes', load.node(i));
  for (const namespace of ['sched-0', 'sched-1'])
    api.put('namespaces', { metadata: { name: namespace, labels: {} } });
  const boundAtMs = new Map<string, number>();
  const rig = startRig(hostClock, { api, remembers: option('remembers', 'true') === 'true' });
  const run = async (count: number, make: (i: number) => ReturnType<Load['pod']>) => {
    boundAtMs.clear();
    const done = new Promise<void>((resolve) => {
      api.onBound = ({ metadata }) => {
        boundAtMs.set(metadata.uid ?? '', performance.now());
        if (boundAtMs.size === count) resolve();
      };
    });
    const beganMs = performance.now();
    for (let i = 0; i < count; i++) api.put('pods', make(i));
    if (count > 0) await done;
    return (performance.now() - beganMs) / 1000;
  };
  await run(Math.round(load.initialPods * scale), load.initialPod ?? load.pod);
  const count = Number(option('pods', String(Math.round(load.pods * scale))));
  const cpu = process.cpuUsage();
  const seconds = await run(count, (i) => load.pod(i + load.initialPods));
  const { user, system } = process.cpuUsage(cpu);
  await rig.stop();
  return {
    name: `${load.name}: ${nodeCount} nodes, ${count} pods`,
    perSecond: count / seconds,
    cpuUs: (user + system) / count,
    note: `threshold ${load.threshold}`,
  };
}

await main();
