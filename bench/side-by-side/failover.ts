import { runLoad } from '../../src/cmd/bench/run-load.js';
import { type Measurement, measurement } from './measurement.js';
import { ownSpec } from './own-load.js';
import type { Side } from './side.js';

/** The writer runs this long before the leader is killed, and until this long after it. */
const beforeMs = 500;
const durationMs = 6000;

/** Kills the leader under a sequential writer: the longest time between two writes that were acknowledged. */
export async function measureFailover(side: Side): Promise<Measurement> {
  const leader = await side.leader();
  const spec = ownSpec(side, { command: 'failover', flags: {} });
  const killed = new Promise<void>((resolve, reject) => {
    setTimeout(() => leader.kill().then(() => resolve(), reject), beforeMs);
  });
  const report = await runLoad({ ...spec, durationMs, warmUpMs: 0 });
  await killed;
  leader.start();
  await leader.ready();
  await side.leader();
  return measurement({ durationMs: report.longestGap.ms });
}
