import { Latencies } from '../../../src/cmd/bench/latency.js';
import { type BenchReport, reportFormat } from '../../../src/cmd/bench/report.js';

/** A report of a put load, made up. */
export function reportOf(parts: Partial<BenchReport> = {}): BenchReport {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 100; ms++) latencies.add(ms);
  return {
    format: reportFormat,
    startedAt: '2026-11-21T12:00:00.000Z',
    load: {
      kind: 'put',
      endpoints: ['http://127.0.0.1:2379'],
      channel: 'http2',
      isLeaderOnly: false,
      isTls: false,
      connections: 8,
      clients: 800,
      ratePerSecond: null,
      durationMs: 2000,
      total: null,
      warmUpMs: 0,
      timeoutMs: 10_000,
      processes: 1,
      keySizeBytes: 24,
      valueSizeBytes: 256,
      keySpace: 1000,
      isSequential: false,
      seed: 1,
      isSerializable: false,
      readShare: 0.8,
      putsPerTxn: 1,
      watchers: 1,
      leaseMode: 'stream',
    },
    client: { machine: '2 x processor', node: 'v20', flotilla: '0.1.0' },
    server: { version: '3.5.0', members: 3 },
    elapsedSeconds: 2,
    series: [
      {
        name: 'put',
        completed: 100,
        perSecond: 50,
        latencyMs: latencies.summary(),
        histogramUs: latencies.counts(),
      },
    ],
    intervals: [1, 2].map((atSeconds) => ({
      atSeconds,
      series: [{ name: 'put', perSecond: 50, p50Ms: 50, p99Ms: 99 }],
      errors: 0,
    })),
    errors: {},
    longestGap: { ms: 12.5, atSeconds: 1.5 },
    clientCpu: { usPerOperation: 3.2, processors: 0.5 },
    backlog: 0,
    isInterrupted: false,
    ...parts,
  };
}
