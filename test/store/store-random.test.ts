import t from 'tap';
import { setVerify } from '../../src/base/assert.js';
import { RandomRun } from './random-run.js';

setVerify(true);

const seeds = (process.env.STORE_SEEDS ?? '1,2,3,4,5,6,7,8').split(',').map(Number);
const steps = 600;

for (const seed of seeds) {
  t.test(
    `Store agrees with a copy of everything per revision, through crashes, seed ${seed}`,
    async (t) => {
      const run = await RandomRun.start(seed);
      for (let step = 0; step < steps; step++) {
        const problem = await run.step();
        if (problem === null) continue;
        t.fail(`step ${step}: ${problem}; again with STORE_SEEDS=${seed}`);
        return;
      }
      await run.finish(t);
    },
  );
}

t.test(
  'Store with its applied index written apart from the data is caught (etcd 13766)',
  async (t) => {
    for (let seed = 1; seed <= 10; seed++) {
      const run = await RandomRun.start(seed, new Set(['applied-apart-from-data']));
      for (let step = 0; step < steps; step++) {
        if ((await run.step()) !== null) return;
      }
    }
    t.fail('10 seeds did not find it');
  },
);
