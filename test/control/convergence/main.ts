/**
 * Random histories of a cluster, one a seed, each of which has to come to rest as declared:
 *
 *     node dist/test/control/convergence/main.js --seeds 1-100 [--trace]
 *
 * Ends with code 1 when a seed failed, and says how to run it again.
 */
import { parseArgs } from 'node:util';
import { silentLogger } from '../../../src/base/logger.js';
import { createLogger, fileDestination } from '../../../src/host/log-sink.js';
import { runSeed } from './run-seed.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1' }, trace: { type: 'boolean', default: false } },
});
const [first = 1, last = first] = values.seeds.split('-').map(Number);
const logger = values.trace
  ? createLogger({ level: 'info', format: 'json', destination: fileDestination(2) })
  : silentLogger;
let failed = 0;
for (let seed = first; seed <= last; seed++) {
  const { problems, log, most, ...figures } = await runSeed(seed, logger);
  console.log(
    `seed ${seed}: ${problems.length === 0 ? 'ok' : 'FAILED'} ${JSON.stringify(figures)}`,
  );
  if (values.trace) console.log(log.join('\n'));
  if (values.trace || problems.length > 0) console.log(most);
  if (problems.length === 0) continue;
  failed++;
  console.log(problems.join('\n'));
  console.log(`again: node ${process.argv[1]} --seeds ${seed} --trace`);
}
process.exitCode = failed === 0 ? 0 : 1;
