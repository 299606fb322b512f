import { Latencies } from '../../src/cmd/bench/latency.js';
import type { RaftNode } from '../../src/raft/node/index.js';

/** How long a load runs, and how many proposals it keeps under way. */
export interface ProposerOptions {
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What a load found. */
export interface ProposerResult {
  readonly entries: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What a proposal carries: a put of 256 bytes, as long as it is in the store's log. */
const payload = new Uint8Array(290).fill(0x70);
const tag = 1;

/**
 * Keeps proposals of 256-byte puts under way at a leader. `onMeasure` is called when the warm-up is over, and again when
 * the measurement is.
 */
export function runProposer(
  node: RaftNode<number>,
  { inFlight, warmUpMs, measureMs }: ProposerOptions,
  onMeasure: () => void,
): Promise<ProposerResult> {
  return new Promise((resolve, reject) => {
    const latencies = new Latencies();
    const beginMs = performance.now() + warmUpMs;
    let measuredFromMs = 0;
    let entries = 0;
    let busy = 0;
    const propose = () => {
      const startMs = performance.now();
      busy++;
      node.propose(tag, payload, { resolve: () => onApplied(startMs), reject });
    };
    const onApplied = (startMs: number) => {
      busy--;
      const nowMs = performance.now();
      if (measuredFromMs === 0 && nowMs >= beginMs) {
        measuredFromMs = nowMs;
        onMeasure();
      }
      if (measuredFromMs > 0 && startMs >= measuredFromMs) {
        entries++;
        latencies.add(nowMs - startMs);
      }
      if (measuredFromMs === 0 || nowMs < measuredFromMs + measureMs) propose();
      else if (busy === 0) finish(nowMs);
    };
    const finish = (nowMs: number) => {
      onMeasure();
      resolve({
        entries,
        elapsedMs: nowMs - measuredFromMs,
        p50Ms: latencies.percentileMs(50),
        p99Ms: latencies.percentileMs(99),
        maxMs: latencies.percentileMs(100),
      });
    };
    for (let i = 0; i < inFlight; i++) propose();
  });
}
