import type { Test } from 'tap';
import { Prng } from '../../src/base/prng.js';

/** What a campaign runs with. Fixed where tests run by themselves; FUZZ_SEED and FUZZ_ROUNDS say otherwise. */
const firstSeed = Number(process.env.FUZZ_SEED ?? 1);
const roundCount = Number(process.env.FUZZ_ROUNDS ?? 400);

/** What one round comes to: null, or what is wrong. */
export type Verdict = string | null;

/**
 * Runs a round for one seed after the other, each with a generator of its own. The first that throws or finds something wrong
 * fails the test with its seed and the command that runs it again. Resolves with the count of rounds
 * that went well.
 */
export async function campaign(
  t: Test,
  file: string,
  round: (prng: Prng, seed: number) => Promise<Verdict> | Verdict,
): Promise<number> {
  for (let seed = firstSeed; seed < firstSeed + roundCount; seed++) {
    const wrong = await verdictOf(() => round(new Prng(seed), seed));
    if (wrong === null) continue;
    const again = `FUZZ_SEED=${seed} FUZZ_ROUNDS=1 node dist/test/fuzz/${file}.js`;
    t.fail(`seed ${seed}: ${wrong} (again: ${again})`);
    return seed - firstSeed;
  }
  t.pass(`${roundCount} rounds from seed ${firstSeed}`);
  return roundCount;
}

async function verdictOf(round: () => Promise<Verdict> | Verdict): Promise<Verdict> {
  try {
    return await round();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** Waits for the end of the event-loop turn, when what was collected in it is written. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
