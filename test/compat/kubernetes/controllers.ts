/**
 * The controllers that there are, against any API server, until a signal: `node controllers.js KUBECONFIG [CA-FILE]`. For the suite of
 * cmd-suite.sh, which takes a controller manager for granted.
 */
import { readFileSync } from 'node:fs';
import { silentLogger } from '../../../src/base/logger.js';
import { connectRest, readKubeconfig } from '../../../src/control/client/index.js';
import { runControllers } from '../../../src/control/controllers/runtime/run-controllers.js';
import { standardDefinitions } from '../../../src/control/controllers/standard-controllers.js';
import { hostClock } from '../../../src/host/clock.js';
import { entropyPrng } from '../../../src/host/entropy.js';

const [kubeconfig, caFile] = process.argv.slice(2);
if (kubeconfig === undefined) throw new Error('the first argument is a kubeconfig file');
const client = connectRest(await readKubeconfig(kubeconfig), {
  clock: hostClock,
  userAgent: 'flotilla-controllers',
});
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
const rootCa = caFile === undefined ? '' : readFileSync(caFile, 'utf8');
await runControllers(
  {
    definitions: standardDefinitions({ namespaceDeletion: true, garbageCollection: true }),
    flags: new Map([['root-ca-file', rootCa]]),
    ...{ client, clock: hostClock, prng: entropyPrng(), logger: silentLogger },
  },
  stop.signal,
);
await client.close();
