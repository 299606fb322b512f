import t from 'tap';
import type { NodeError } from '../../../src/raft/node/errors.js';
import { ReadQueue } from '../../../src/raft/node/read-queue.js';

function makeQueue() {
  const queue = new ReadQueue();
  const outcomes: string[] = [];
  const asked: number[] = [];
  const add = (name: string, deadline = 1000) => {
    const done = queue.current ?? queue.begin(deadline);
    void done.then(
      () => outcomes.push(name),
      (error: NodeError) => outcomes.push(`${name} ${error.code}`),
    );
  };
  const flush = (now = 0) => queue.flush(now, (requestId) => asked.push(requestId));
  /** What has come of the reads, once all that was settled has been heard. */
  const heard = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return outcomes;
  };
  return { queue, heard, asked, add, flush };
}

t.test('ReadQueue serves a read once its index is applied, not before', async (t) => {
  const { queue, heard, asked, add, flush } = makeQueue();
  add('a');
  add('b');
  flush();
  t.same(asked, [1], 'one request for both');
  queue.onAnswer(1, 10);
  queue.onApplied(9);
  t.same(await heard(), []);
  queue.onApplied(10);
  t.same(await heard(), ['a', 'b']);
});

t.test(
  'ReadQueue gives the reads of one turn one promise, those of the next another',
  async (t) => {
    const { queue, flush } = makeQueue();
    t.equal(queue.current, undefined);
    const first = queue.begin(1000);
    t.equal(queue.current, first);
    flush();
    t.equal(queue.current, undefined, 'what was asked takes no more reads');
    const second = queue.begin(1000);
    t.not(second, first);
    queue.seal();
    t.equal(queue.current, undefined, 'nor does what waits for a leader');
    t.equal(queue.hasQueued, true);
  },
);

t.test('ReadQueue never lets an old answer serve a newer read', async (t) => {
  const { queue, heard, asked, add, flush } = makeQueue();
  add('a');
  flush();
  add('b');
  queue.onAnswer(1, 5);
  queue.onApplied(5);
  t.same(await heard(), ['a'], 'b was not part of request 1');
  flush();
  t.same(asked, [1, 2]);
  queue.onAnswer(1, 5);
  t.same(await heard(), ['a'], 'a repeated answer is ignored');
});

t.test('ReadQueue asks again under a new id when refused or unanswered', async (t) => {
  const { queue, heard, asked, add, flush } = makeQueue();
  add('a');
  flush(0);
  queue.onAnswer(1, null);
  add('b');
  flush(10);
  queue.retry(409, 400);
  t.equal(queue.hasQueued, false);
  queue.retry(410, 400);
  flush(410);
  t.same(asked, [1, 2, 3]);
  queue.onAnswer(2, 7);
  queue.onApplied(7);
  t.same(await heard(), [], 'the late answer to request 2 is ignored (etcd #20418)');
  queue.onAnswer(3, 7);
  queue.onApplied(7);
  t.same(await heard(), ['a', 'b']);
});

t.test('ReadQueue lets reads gather while two requests are under way, for 10 ms', async (t) => {
  const { queue, add, flush } = makeQueue();
  for (const name of ['a', 'b']) {
    add(name);
    t.equal(queue.isGathering(5), false);
    flush(5);
  }
  t.equal(queue.isGathering(5), true);
  t.equal(queue.isGathering(14), true);
  t.equal(queue.isGathering(15), false, 'both answers may be lost');
  queue.onAnswer(1, 3);
  t.equal(queue.isGathering(5), false, 'an answer has come');
});

t.test('ReadQueue serves in order of index whatever the order of answers', async (t) => {
  const { queue, heard, add, flush } = makeQueue();
  add('a');
  flush();
  add('b');
  flush();
  queue.onAnswer(2, 8);
  queue.onAnswer(1, 6);
  queue.onApplied(6);
  t.same(await heard(), ['a']);
  queue.onApplied(8);
  t.same(await heard(), ['a', 'b']);
});

t.test('ReadQueue lets reads that wait for a leader keep their own deadlines', async (t) => {
  const { queue, heard, add } = makeQueue();
  add('a', 10);
  queue.seal();
  add('b', 20);
  queue.seal();
  queue.expire(10);
  t.same(await heard(), ['a timeout']);
  queue.expire(20);
  t.same(await heard(), ['a timeout', 'b timeout']);
});

t.test(
  'ReadQueue rejects what passes its deadline, wherever it waits, and all when it closes',
  async (t) => {
    const { queue, heard, add, flush } = makeQueue();
    add('confirmed', 10);
    flush();
    queue.onAnswer(1, 100);
    add('asked', 10);
    flush();
    add('queued', 10);
    queue.seal();
    add('open', 10);
    queue.expire(10);
    queue.expire(11);
    t.same((await heard()).sort(), [
      'asked timeout',
      'confirmed timeout',
      'open timeout',
      'queued timeout',
    ]);
    queue.onAnswer(2, 5);
    queue.onApplied(100);
    t.equal((await heard()).length, 4, 'what comes late changes nothing');
    add('late');
    queue.close();
    t.equal((await heard()).at(-1), 'late stopped');
  },
);
