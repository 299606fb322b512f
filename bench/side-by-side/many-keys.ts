import { seriesOf } from '../../src/cmd/bench/report.js';
import { formatErrors } from '../../src/cmd/bench/report-text.js';
import { runLoad } from '../../src/cmd/bench/run-load.js';
import type { Member } from '../../test/e2e/member.js';
import { RawClient } from '../../test/e2e/raw-client.js';
import { type Measurement, measurement } from './measurement.js';
import { ownSpec } from './own-load.js';
import { Side, type SideOptions } from './side.js';

/** Time that members get to write what they have in memory before it is looked at. */
const settleMs = 5000;
/** How often a member that starts is asked whether it serves. */
const askMs = 20;
const servingMsMax = 300_000;

/** Fills a fresh cluster with keys, and looks at its memory; then restarts a member that does not lead, if there is one. */
export async function measureGrowth(
  options: SideOptions,
  { keys, valueSizeBytes }: { readonly keys: number; readonly valueSizeBytes: number },
): Promise<{ readonly memory: Measurement; readonly restart: Measurement }> {
  const side = await Side.start(options);
  try {
    await fillKeys(side, keys, valueSizeBytes);
    const memory = measurement({ memoryMiB: side.memoryMiB() });
    return { memory, restart: measurement({ durationMs: await restartMember(side) }) };
  } finally {
    await side.stop();
  }
}

/** Writes so many keys, and gives the members time to come to rest. Returns how many a second that were. */
export async function fillKeys(side: Side, keys: number, valueSizeBytes: number): Promise<number> {
  const flags = { keySpace: String(keys), valueSize: String(valueSizeBytes), targetLeader: true };
  const report = await runLoad(ownSpec(side, { command: 'fill', flags }));
  const failed = Object.keys(report.errors).length > 0;
  if (failed) throw new Error(`fill: ${formatErrors(report.errors)}`);
  await wait(settleMs);
  return seriesOf(report, 'fill').perSecond;
}

/** Restarts a member that does not lead, if there is one: milliseconds until it answers a linearizable read. */
export async function restartMember(side: Side): Promise<number> {
  const leader = await side.leader();
  const follower = side.cluster.members.find((member) => member !== leader);
  return restartMs(follower ?? leader);
}

/** Stops a member in good order, and starts it: milliseconds from the start until it answers a linearizable read. */
async function restartMs(member: Member): Promise<number> {
  await member.kill('SIGTERM');
  const startedAt = performance.now();
  member.start();
  while (performance.now() - startedAt < servingMsMax) {
    if (await serves(member)) return performance.now() - startedAt;
    await wait(askMs);
  }
  throw new Error(`${member.spec.name} does not serve after ${servingMsMax / 1000} s`);
}

async function serves(member: Member): Promise<boolean> {
  const client = new RawClient(member.endpoint);
  try {
    await client.range('none');
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
