/** More seeds than the tests have time for: `node dist/test/control/scheduler/simulation/main.js [FIRST] [COUNT] [STEPS]`. */
import { setVerify } from '../../../../src/base/assert.js';
import { simulate } from './simulate.js';

const [first = 1, count = 100, steps = 120] = process.argv.slice(2).map(Number);
setVerify(true);
let [failed, bound, evicted] = [0, 0, 0];
for (let seed = first; seed < first + count; seed++) {
  const report = await simulate(seed, { steps, nodes: 6 });
  bound += report.bound;
  evicted += report.evicted;
  if (report.violations.length === 0) continue;
  failed++;
  process.stdout.write(`seed ${seed}: ${report.violations.join('; ')}\n`);
}
process.stdout.write(`${count} seeds, ${failed} failed; ${bound} pods bound, ${evicted} evicted\n`);
process.exitCode = failed === 0 ? 0 : 1;
