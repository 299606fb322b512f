import type { ClusterBenchResult } from './measure.js';

/** The result as four small tables. */
export function resultText(result: ClusterBenchResult): string {
  const { options, use, latencies, deletedSeconds: deleted, runningSeconds: running } = result;
  const counts = result.requests
    .filter(({ count }) => count >= options.pods / 100)
    .map(({ name, count, seconds }) => [
      name,
      `${count}`,
      (count / options.pods).toFixed(2),
      ((seconds * 1000) / count).toFixed(1),
    ]);
  const { nodes, pods, by } = options;
  const rate = (seconds: number) => `${(pods / seconds).toFixed(0)}/s`;
  const phases = [
    [`${nodes} nodes ready`, seconds(result.nodesReadySeconds), ''],
    [`${pods} pods created, by ${by}`, seconds(result.createdSeconds), rate(result.createdSeconds)],
    ['created and bound', seconds(result.boundSeconds), rate(result.boundSeconds)],
    ...(running === null ? [] : [['all running', seconds(running), rate(running)]]),
    ...(deleted === null ? [] : [['all deleted', seconds(deleted), rate(deleted)]]),
    ['list of all pods', `${result.listMs.toFixed(0)} ms`, `${result.listMiB.toFixed(1)} MiB`],
  ];
  const requests = latencies.map(({ verb, count, p50Ms, p99Ms }) => [
    verb,
    `${count}`,
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
  ]);
  const last = running === null ? 'bound' : 'running';
  const processes = use.map(({ name, cpuSeconds, memoryMiB, memoryMiBMost }) => [
    name,
    cpuSeconds.toFixed(1),
    ((cpuSeconds * 1000) / pods).toFixed(2),
    memoryMiB.toFixed(0),
    memoryMiBMost.toFixed(0),
  ]);
  return [
    table([['', 'time', 'rate'], ...phases]),
    table([['meanwhile', 'requests', 'p50 ms', 'p99 ms'], ...requests]),
    table([[`until all ${last}`, 'CPU s', 'ms a pod', 'MiB', 'MiB at most'], ...processes]),
    table([[`until all ${last}`, 'requests', 'a pod', 'mean ms'], ...counts]),
  ].join('\n\n');
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

/** Rows of columns that are as wide as they need be; the first is aligned left. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  return rows.map(line).join('\n');
}
