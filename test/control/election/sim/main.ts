/**
 * Simulated elections, one history a seed:
 *
 *     node dist/test/control/election/sim/main.js --seed 1 --count 1000 [--defect NAME] [--trace]
 *
 * Ends with code 1 at the first seed that fails, and says how to replay it.
 */
import { parseArgs } from 'node:util';
import { electionDefects } from './knobs.js';
import { runElectionSeed } from './run.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    defect: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});
const defect = electionDefects.find((name) => name === values.defect) ?? null;
if (values.defect !== undefined && defect === null) {
  throw new Error(`no defect is called ${values.defect}: ${electionDefects.join(', ')}`);
}
const first = Number(values.seed);
const totals = { terms: 0, applied: 0, refused: 0, events: 0 };
for (let seed = first; seed < first + Number(values.count); seed++) {
  const onLine = values.trace ? (line: string) => console.log(line) : null;
  const result = await runElectionSeed({ seed, defect, onLine });
  totals.terms += result.terms;
  totals.applied += result.applied;
  totals.refused += result.refused;
  totals.events += result.events;
  if (result.failure === null) continue;
  const option = defect === null ? '' : ` --defect ${defect}`;
  console.error(`seed ${seed}: ${result.failure.message}`);
  console.error(`replay: node ${process.argv[1]} --seed ${seed}${option} --trace`);
  process.exit(1);
}
console.log(
  `${values.count} seeds from ${first} on: ${totals.terms} leaderships, ${totals.applied} writes applied, ` +
    `${totals.refused} refused, ${totals.events} events`,
);
