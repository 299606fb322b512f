import t from 'tap';
import { type ElectionDefect, electionDefects } from './knobs.js';
import { runElectionSeed } from './run.js';

const replay = (seed: number, defect: ElectionDefect | null) =>
  `node dist/test/control/election/sim/main.js --seed ${seed}${defect === null ? '' : ` --defect ${defect}`} --trace`;

t.test(
  'an election: nobody believes to lead who does not, and no write of an old leader lands',
  async (t) => {
    let terms = 0;
    let refused = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const result = await runElectionSeed({ seed, defect: null, onLine: null });
      if (result.failure !== null) t.fail(`${replay(seed, null)}: ${result.failure.message}`);
      terms += result.terms;
      refused += result.refused;
    }
    t.ok(terms > 1000, `${terms} leaderships`);
    t.ok(refused > 1000, `${refused} writes came too late and were refused`);
  },
);

t.test('an election: the same history of a seed twice, traced or not', async (t) => {
  for (const seed of [3, 4, 5]) {
    const lines: string[] = [];
    const first = await runElectionSeed({ seed, defect: null, onLine: null });
    const onLine = (line: string) => lines.push(line);
    t.same(await runElectionSeed({ seed, defect: null, onLine }), first);
    t.ok(lines.length > 1);
  }
});

/** By which property each defect shows, and within how many seeds. */
const shows: Readonly<Record<ElectionDefect, { readonly by: RegExp; readonly seedsMax: number }>> =
  {
    'unfenced-writes': { by: /no write of an older leader/, seedsMax: 60 },
    'unbounded-drift': { by: /who believes to lead leads/, seedsMax: 60 },
    'renewal-always-answered': { by: /who believes to lead leads/, seedsMax: 20 },
  };

for (const defect of electionDefects) {
  t.test(`an election: the defect ${defect} is found`, async (t) => {
    const { by, seedsMax } = shows[defect];
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { failure } = await runElectionSeed({ seed, defect, onLine: null });
      if (failure === null) continue;
      t.match(failure.message, by, replay(seed, defect));
      return;
    }
    t.fail(`not within ${seedsMax} seeds`);
  });
}
