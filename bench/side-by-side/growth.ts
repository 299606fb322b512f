import { fillCalls } from '../../src/cmd/bench/loads/fill.js';
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
    await fill(side, keys, valueSizeBytes);
    await wait(settleMs);
    const memory = measurement({ memoryMiB: side.memoryMiB() });
    const leader = await side.leader();
    const follower = side.cluster.members.find((member) => member !== leader);
    return { memory, restart: measurement({ durationMs: await restartMs(follower ?? leader) }) };
  } finally {
    await side.stop();
  }
}

async function fill(side: Side, keys: number, valueSizeBytes: number): Promise<void> {
  const flags = { keySpace: String(keys), valueSize: String(valueSizeBytes), targetLeader: true };
  const spec = ownSpec(side, { command: 'fill', flags });
  const { errors } = await runLoad({ ...spec, total: fillCalls(spec) });
  if (Object.keys(errors).length > 0) throw new Error(`fill: ${JSON.stringify(errors)}`);
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
