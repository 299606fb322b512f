/** The API's tests, which by themselves run on our own HTTP/2 layer, once more on the engine of reference. */
import { useGrpcJs } from './engine.js';

useGrpcJs();
const suites = [
  'kv',
  'lease',
  'watch',
  'lock',
  'cluster',
  'maintenance',
  'guard',
  'probes',
  'auth',
];
for (const suite of suites) {
  await import(`./${suite}.test.js`);
}
