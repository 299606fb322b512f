import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { noDefects } from '../../src/base/defect.js';
import { profiles } from './knobs.js';
import { runSeed } from './run.js';

/** Tests run from dist/test/sim; the list of seeds stays beside its source. */
const sourceFolder = import.meta.dirname.replace(/\bdist[\\/]test\b/, 'test');
const oldSeeds = readFileSync(join(sourceFolder, 'seeds.txt'), 'utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => Number.parseInt(line, 10));

const run = (seed: number, onLine: ((line: string) => void) | null = null) =>
  runSeed({ seed, profile: null, defects: noDefects, onLine });

t.test('runSeed passes every seed that once failed', async (t) => {
  t.ok(oldSeeds.length > 0);
  for (const seed of oldSeeds) {
    const { failure } = await run(seed);
    t.equal(failure, null, `bin/flotilla sim --seed ${seed} --trace: ${failure?.message}`);
  }
});

t.test('runSeed passes a seed of every profile', async (t) => {
  for (const profile of profiles) {
    const { failure, operations } = await runSeed({
      seed: 1,
      profile,
      defects: noDefects,
      onLine: null,
    });
    const replay = `bin/flotilla sim --seed 1 --profile ${profile} --trace`;
    t.equal(failure, null, `${replay}: ${failure?.message}`);
    t.ok(operations > 0, `${profile}: ${operations} operations`);
  }
});

t.test('runSeed makes the same history of a seed twice, traced or not', async (t) => {
  for (const seed of [3, 4, 5]) {
    const lines: string[] = [];
    const first = await run(seed);
    const second = await run(seed, (line) => lines.push(line));
    t.same(second, first, `seed ${seed}`);
    t.ok(lines.length > 100);
  }
  t.not((await run(3)).traceHash, (await run(4)).traceHash);
});
