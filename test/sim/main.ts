import { type Defect, defects } from '../../src/base/defect.js';
import type { SimCommandOptions } from '../../src/cmd/sim.js';
import { runJobs } from './jobs.js';
import { type Profile, profiles } from './knobs.js';
import { Report } from './report.js';
import { runSeed } from './run.js';

/** What a campaign of seeds is. */
export interface CampaignOptions extends Omit<SimCommandOptions, 'profile' | 'defect'> {
  readonly profile: Profile | null;
  readonly defect: Defect | null;
}

/** `flotilla sim`: runs seeds until one fails, or as many as were asked for. Resolves with whether all passed. */
export function simMain(given: SimCommandOptions): Promise<boolean> {
  const profile = oneOf('profile', given.profile, profiles);
  const defect = oneOf('defect', given.defect, defects);
  if (profile === undefined || defect === undefined) return Promise.resolve(false);
  const options: CampaignOptions = { ...given, profile, defect };
  return given.jobs > 1 ? runJobs(options) : runSeeds(options);
}

async function runSeeds(options: CampaignOptions): Promise<boolean> {
  const { seed: first, count, minutes, profile, defect, stride, trace } = options;
  const report = new Report(options);
  const endsAt = minutes === null ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
  const last = count === null ? Number.POSITIVE_INFINITY : first + count;
  for (let seed = first; seed < last && performance.now() < endsAt; seed += stride) {
    const result = await runSeed({
      seed,
      profile,
      defects: new Set(defect === null ? [] : [defect]),
      onLine: trace ? (line) => process.stdout.write(`${line}\n`) : null,
    });
    report.onResult(result);
    if (result.failure !== null) return false;
  }
  report.end();
  return true;
}

/** The option's value, null when it was not given, undefined (and said so) when there is no such thing. */
function oneOf<T extends string>(
  what: string,
  given: string | null,
  known: readonly T[],
): T | null | undefined {
  if (given === null) return null;
  const found = known.find((name) => name === given);
  if (found === undefined) {
    process.stderr.write(`flotilla sim: no ${what} is called '${given}': ${known.join(', ')}\n`);
  }
  return found;
}
