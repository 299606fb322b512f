import type { LatencySummary } from './latency.js';
import type { BenchReport, IntervalReport } from './report.js';

/** A rate or a count: no digits that mean nothing. */
export function formatNumber(value: number): string {
  const digits = value < 10 ? 2 : value < 1000 ? 1 : 0;
  const rounded = Number(value.toFixed(digits));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** Milliseconds to three digits. */
export function formatMs(ms: number): string {
  return ms >= 1000 ? Math.round(ms).toLocaleString('en-US') : String(Number(ms.toPrecision(3)));
}

/** One second, as it is shown while the load runs. */
export function formatInterval(interval: IntervalReport): string {
  const parts = interval.series.map(({ name, perSecond, p50Ms, p99Ms }) => {
    const times = p50Ms === null || p99Ms === null ? null : [p50Ms, p99Ms].map(formatMs);
    const latency = times === null ? '' : ` p50 ${times[0]} ms p99 ${times[1]} ms`;
    return `${name} ${formatNumber(perSecond)}/s${latency}`;
  });
  const errors = interval.errors > 0 ? `  ${interval.errors} errors` : '';
  return `${interval.atSeconds.toFixed(1).padStart(6)} s  ${parts.join('  ')}${errors}`;
}

/** The whole report, for people. */
export function formatReport(report: BenchReport): string {
  const { load, server, client } = report;
  const lines = [
    `server   ${server.version}, ${server.members} ${server.members === 1 ? 'member' : 'members'}; called: ${load.endpoints.join(', ')}`,
    `client   ${client.machine}, Node ${client.node}, ${load.channel}; ${describeLoad(report)}`,
  ];
  if (report.isInterrupted) lines.push('ended early by a signal');
  for (const series of report.series) {
    const seconds = formatNumber(report.elapsedSeconds);
    const count = series.completed.toLocaleString('en-US');
    lines.push(
      '',
      `${series.name}: ${formatNumber(series.perSecond)}/s (${count} in ${seconds} s)`,
    );
    if (series.latencyMs !== null) lines.push(`  latency ms  ${formatLatency(series.latencyMs)}`);
  }
  lines.push('', `errors   ${formatErrors(report.errors)}`);
  if (report.backlog > 0) lines.push(`behind   ${report.backlog} calls were due and not made`);
  const { longestGap, clientCpu } = report;
  lines.push(
    `gap      ${formatMs(longestGap.ms)} ms at most without a success, until ${longestGap.atSeconds.toFixed(1)} s`,
    `load     ${clientCpu.usPerOperation.toFixed(1)} us of CPU an operation, ${clientCpu.processors.toFixed(2)} processors`,
  );
  return `${lines.join('\n')}\n`;
}

/** The load in a line. */
export function describeLoad({ load }: Pick<BenchReport, 'load'>): string {
  const parts = [
    `${load.clients} clients over ${load.connections} connections`,
    load.ratePerSecond === null ? 'closed loop' : `${formatNumber(load.ratePerSecond)} a second`,
    `${load.keySpace} ${load.isSequential ? 'sequential' : 'random'} keys of ${load.keySizeBytes} B`,
  ];
  if (load.kind === 'range') parts.push(load.isSerializable ? 'serializable' : 'linearizable');
  else if (load.kind !== 'lease-keepalive') parts.push(`values of ${load.valueSizeBytes} B`);
  if (load.kind === 'watch') parts.push(`${load.watchers} watchers`);
  if (load.processes > 1) parts.push(`${load.processes} processes`);
  if (load.isTls) parts.push('TLS');
  return parts.join(', ');
}

function formatLatency({ mean, p50, p90, p99, p999, max }: LatencySummary): string {
  const times = { p50, p90, p99, 'p99.9': p999, max, mean };
  return Object.entries(times)
    .map(([name, ms]) => `${name} ${formatMs(ms)}`)
    .join('  ');
}

/** Failures by code, or that there were none. */
export function formatErrors(errors: Readonly<Record<string, number>>): string {
  const parts = Object.entries(errors).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
