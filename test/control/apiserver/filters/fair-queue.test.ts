import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { FairQueue } from '../../../../src/control/apiserver/filters/fair-queue.js';

function admissions(queue: FairQueue, admitted: string[]) {
  return (flow: string): void => {
    const place = queue.enter(flow);
    if (place === null) admitted.push(flow);
    else if (place !== 'full') void place.admitted.then(() => admitted.push(flow));
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

t.test('FairQueue hands free places to the flows in turn', async (t) => {
  const queue = new FairQueue({ runningMax: 2, waitingPerFlowMax: 10 });
  const admitted: string[] = [];
  const enter = admissions(queue, admitted);
  for (const flow of ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'b']) enter(flow);
  t.same(admitted, ['a', 'a']);
  for (let i = 0; i < 6; i++) queue.exit();
  await settled();
  t.same(admitted.slice(2), ['a', 'b', 'c', 'a', 'b', 'a']);
});

t.test('FairQueue refuses what is more than a flow may have waiting', async (t) => {
  const queue = new FairQueue({ runningMax: 1, waitingPerFlowMax: 1 });
  t.equal(queue.enter('a'), null);
  t.not(queue.enter('a'), 'full');
  t.equal(queue.enter('a'), 'full');
  t.not(queue.enter('b'), 'full', 'others may still wait');
});

t.test('FairQueue forgets who leaves', async (t) => {
  const queue = new FairQueue({ runningMax: 1, waitingPerFlowMax: 5 });
  queue.enter('a');
  const place = queue.enter('b');
  t.equal(queue.waiting, 1);
  if (place !== null && place !== 'full') place.leave();
  t.equal(queue.waiting, 0);
  queue.exit();
  t.equal(queue.running, 0);
});

t.test(
  'FairQueue never runs more than it may, nor leaves a place empty while somebody waits',
  async (t) => {
    const seed = Number(process.env.SEED ?? 1);
    const prng = new Prng(seed);
    const queue = new FairQueue({ runningMax: 3, waitingPerFlowMax: 4 });
    let running = 0;
    for (let step = 0; step < 2000; step++) {
      if (running > 0 && prng.chance(0.5)) {
        queue.exit();
        running--;
      } else {
        const place = queue.enter(prng.pick(['a', 'b', 'c', 'd']));
        if (place === null) running++;
        else if (place !== 'full') void place.admitted.then(() => running++);
      }
      await Promise.resolve();
      await Promise.resolve();
      const isRight =
        running === queue.running && running <= 3 && (running === 3 || queue.waiting === 0);
      if (!isRight) t.fail(`step ${step} of seed ${seed}`);
    }
    t.pass();
  },
);
