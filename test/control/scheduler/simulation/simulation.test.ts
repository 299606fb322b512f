import t from 'tap';
import { setVerify } from '../../../../src/base/assert.js';
import { SchedulerCache } from '../../../../src/control/scheduler/cache/scheduler-cache.js';
import { simulate } from './simulate.js';

setVerify(true);
const seeds = Array.from({ length: 12 }, (_, at) => at + 1);

t.test('Scheduler overloads no node and starves no pod while everything else fails', async (t) => {
  let [bound, evicted, restarts] = [0, 0, 0];
  for (const seed of seeds) {
    const report = await simulate(seed);
    const replay = `node dist/test/control/scheduler/simulation/main.js ${seed} 1`;
    t.same(report.violations, [], replay);
    bound += report.bound;
    evicted += report.evicted;
    restarts += report.restarts;
  }
  t.ok(bound > 500, `${bound} pods were bound`);
  t.ok(evicted > 20, `${evicted} pods were evicted`);
  t.ok(restarts > 10, `${restarts} restarts`);
});

t.test('simulate finds a scheduler that does not count what it has just placed', async (t) => {
  const { assume } = SchedulerCache.prototype;
  t.teardown(() => {
    SchedulerCache.prototype.assume = assume;
  });
  SchedulerCache.prototype.assume = () => {};
  const found: string[] = [];
  for (const seed of seeds) {
    found.push(...(await simulate(seed)).violations);
    if (found.length > 0) break;
  }
  t.match(found[0], / on node-\d+: /);
});

t.test('simulate tells the same history of a seed each time', async (t) => {
  t.same(await simulate(7), await simulate(7));
});
