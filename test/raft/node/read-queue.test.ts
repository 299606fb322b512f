import t from 'tap';
import { ReadQueue } from '../../../src/raft/node/read-queue.js';

function makeQueue() {
  const queue = new ReadQueue();
  const outcomes: string[] = [];
  const asked: number[] = [];
  const add = (name: string, deadline = 1000) =>
    queue.add({
      deadline,
      resolve: () => outcomes.push(name),
      reject: (error) => outcomes.push(`${name} ${error.code}`),
      canceled: false,
    });
  const flush = (now = 0) => queue.flush(now, (requestId) => asked.push(requestId));
  return { queue, outcomes, asked, add, flush };
}

t.test('ReadQueue serves a read once its index is applied, not before', async (t) => {
  const { queue, outcomes, asked, add, flush } = makeQueue();
  add('a');
  add('b');
  flush();
  t.same(asked, [1], 'one request for both');
  queue.onAnswer(1, 10);
  queue.onApplied(9);
  t.same(outcomes, []);
  queue.onApplied(10);
  t.same(outcomes, ['a', 'b']);
});

t.test('ReadQueue never lets an old answer serve a newer read', async (t) => {
  const { queue, outcomes, asked, add, flush } = makeQueue();
  add('a');
  flush();
  add('b');
  queue.onAnswer(1, 5);
  queue.onApplied(5);
  t.same(outcomes, ['a'], 'b was not part of request 1');
  flush();
  t.same(asked, [1, 2]);
  queue.onAnswer(1, 5);
  t.same(outcomes, ['a'], 'a repeated answer is ignored');
});

t.test('ReadQueue asks again under a new id when refused or unanswered', async (t) => {
  const { queue, outcomes, asked, add, flush } = makeQueue();
  add('a');
  flush(0);
  queue.onAnswer(1, null);
  flush(10);
  queue.retry(409, 400);
  t.equal(queue.hasQueued, false);
  queue.retry(410, 400);
  flush(410);
  t.same(asked, [1, 2, 3]);
  queue.onAnswer(2, 7);
  queue.onApplied(7);
  t.same(outcomes, [], 'the late answer to request 2 is ignored (etcd #20418)');
  queue.onAnswer(3, 7);
  queue.onApplied(7);
  t.same(outcomes, ['a']);
});

t.test('ReadQueue serves in order of index whatever the order of answers', async (t) => {
  const { queue, outcomes, add, flush } = makeQueue();
  add('a');
  flush();
  add('b');
  flush();
  queue.onAnswer(2, 8);
  queue.onAnswer(1, 6);
  queue.onApplied(6);
  t.same(outcomes, ['a']);
  queue.onApplied(8);
  t.same(outcomes, ['a', 'b']);
});

t.test(
  'ReadQueue rejects what passes its deadline, wherever it waits, and all when it closes',
  async (t) => {
    const { queue, outcomes, add, flush } = makeQueue();
    add('confirmed', 10);
    flush();
    queue.onAnswer(1, 100);
    add('asked', 10);
    flush();
    add('queued', 10);
    queue.expire(10);
    queue.expire(11);
    t.same(outcomes.sort(), ['asked timeout', 'confirmed timeout', 'queued timeout']);
    add('late');
    queue.close();
    t.equal(outcomes.at(-1), 'late stopped');
  },
);
