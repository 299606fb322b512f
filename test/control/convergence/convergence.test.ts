import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { runSeed } from './run-seed.js';

/** More with main.js. */
const seeds = [1, 26, 52];

for (const seed of seeds) {
  t.test(
    `controllers bring a cluster to what it declares after faults, seed ${seed}`,
    async (t) => {
      const result = await runSeed(seed, silentLogger);
      const { problems, log, ...figures } = result;
      t.comment(JSON.stringify(figures));
      t.same(problems, [], `seed ${seed}:\n${log.join('\n')}`);
      t.ok(result.faults > 0, 'something went wrong on the way');
    },
  );
}
