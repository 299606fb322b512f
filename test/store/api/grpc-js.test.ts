/** The API's tests, which by themselves run on our own HTTP/2 layer, once more on the engine of reference. */
import { useGrpcJs } from './engine.js';

useGrpcJs();
for (const suite of ['kv', 'lease', 'watch', 'lock', 'cluster', 'maintenance', 'guard', 'probes']) {
  await import(`./${suite}.test.js`);
}
