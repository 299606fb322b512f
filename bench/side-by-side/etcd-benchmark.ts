import { type Measurement, measurement } from './measurement.js';
import type { Side } from './side.js';
import { runTool } from './tool.js';

/** A load of etcd's own benchmark tool. */
export interface EtcdBenchmarkLoad {
  readonly command: readonly string[];
  readonly connections: number;
  readonly clients: number;
  /** Call the leader alone, or all members. */
  readonly isLeaderOnly: boolean;
}

/** Calls of the first, short run for each client, which says how many the measured one makes. */
const probeCallsPerClient = 5;
const probeCallsMin = 200;

/** Loads a cluster with etcd's benchmark tool for about so many seconds. */
export async function runEtcdBenchmark(
  side: Side,
  load: EtcdBenchmarkLoad,
  { program, seconds }: { readonly program: string; readonly seconds: number },
): Promise<Measurement> {
  const leader = await side.leader();
  const endpoints = load.isLeaderOnly ? [leader.endpoint] : side.cluster.endpoints;
  const probe = Math.max(probeCallsMin, load.clients * probeCallsPerClient);
  const { perSecond: expected } = await run(program, { load, endpoints, calls: probe });
  const calls = Math.max(probe, Math.round(expected * seconds));
  const cpuMs = side.cpuMs();
  const found = await run(program, { load, endpoints, calls });
  return measurement({ ...found, serverCpuUs: ((side.cpuMs() - cpuMs) * 1000) / calls });
}

async function run(
  program: string,
  options: {
    readonly load: EtcdBenchmarkLoad;
    readonly endpoints: readonly string[];
    readonly calls: number;
  },
): Promise<ToolReport> {
  const { load, endpoints, calls } = options;
  const text = await runTool(program, [
    ...load.command,
    `--endpoints=${endpoints.join(',')}`,
    `--conns=${load.connections}`,
    `--clients=${load.clients}`,
    `--total=${calls}`,
    '--precise',
  ]);
  return parseToolReport(text);
}

/** What the tool says at its end. */
export interface ToolReport {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly errors: number;
}

/** Reads the tool's summary. Throws when it is not there. */
export function parseToolReport(text: string): ToolReport {
  const number = (pattern: RegExp) => {
    const found = pattern.exec(text)?.[1];
    if (found === undefined) throw new Error(`the benchmark tool said:\n${text.slice(-2000)}`);
    return Number(found);
  };
  // "Error distribution:" and lines of "  [5]<tab>etcdserver: request timed out".
  const [, distribution = ''] = text.split('Error distribution:');
  const errors = [...distribution.matchAll(/^\s+\[(\d+)\]/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  return {
    perSecond: number(/Requests\/sec:\s+([\d.e+]+)/),
    p50Ms: number(/ 50% in ([\d.e+-]+) secs/) * 1000,
    p99Ms: number(/ 99% in ([\d.e+-]+) secs/) * 1000,
    maxMs: number(/Slowest:\s+([\d.e+-]+) secs/) * 1000,
    errors,
  };
}
