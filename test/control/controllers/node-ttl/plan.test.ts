import t from 'tap';
import { ttlSecondsFor } from '../../../../src/control/controllers/node-ttl/plan.js';

const cases: readonly [nodes: number, before: number | null, seen: number][] = [
  [0, null, 0],
  [95, null, 0],
  [95, 0, 0],
  [95, 15, 15],
  [89, 15, 0],
  [101, 0, 15],
  [500, 15, 15],
  [501, 15, 30],
  [460, 30, 30],
  [449, 30, 15],
  [5000, null, 300],
  [5000, 0, 300],
  [9500, 600, 600],
  [9500, 300, 300],
  [20_000, 300, 600],
  [95, 600, 15],
];
for (const [nodes, before, seen] of cases) {
  t.test(`ttlSecondsFor ${nodes} nodes after ${before} is ${seen}`, (t) => {
    t.equal(ttlSecondsFor(nodes, before), seen);
    t.end();
  });
}
