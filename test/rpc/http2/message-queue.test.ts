import t from 'tap';
import { MessageQueue } from '../../../src/rpc/http2/message-queue.js';

/** A queue of numbers that come as text, and what a taker was told. */
function newQueue() {
  const told: unknown[] = [];
  let emptied = 0;
  const queue = new MessageQueue<number, string>({
    decode: (text) => {
      if (text === 'late') return Promise.resolve(-1);
      if (text === 'never') return Promise.reject(new Error('not compressed after all'));
      if (!/^\d+$/.test(text)) throw new Error(`no number: ${text}`);
      return Number(text);
    },
    onEmpty: () => emptied++,
  });
  const taker = {
    onRequest: (value: number) => told.push(value),
    onEnd: () => told.push('end'),
    onError: (error: unknown) => told.push((error as Error).message),
  };
  return { queue, taker, told, emptied: () => emptied };
}

t.test('MessageQueue.take tells of one message, at once or as it comes', async (t) => {
  const { queue, taker, told, emptied } = newQueue();
  queue.push('1');
  queue.push('2');
  queue.take(taker);
  t.same(told, [1], 'before the call returns');
  t.equal(emptied(), 0);
  queue.take(taker);
  t.equal(emptied(), 1);
  queue.take(taker);
  t.same(told, [1, 2]);
  queue.push('3');
  t.same(told, [1, 2, 3]);
  queue.push('4');
  t.same(told, [1, 2, 3], 'nobody has asked for it');
});

t.test(
  'MessageQueue.take tells of the end after what came before it, as often as asked',
  async (t) => {
    const { queue, taker, told } = newQueue();
    queue.push('1');
    queue.end(null);
    queue.push('2');
    for (let i = 0; i < 3; i++) queue.take(taker);
    t.same(told, [1, 'end', 'end']);
  },
);

t.test(
  'MessageQueue.take tells of errors, and goes on after a message that cannot be read',
  async (t) => {
    const { queue, taker, told } = newQueue();
    queue.push('x');
    queue.push('2');
    queue.take(taker);
    queue.take(taker);
    queue.take(taker);
    queue.push('y');
    t.same(told, ['no number: x', 2, 'no number: y']);
    queue.push('3');
    queue.abort(new Error('cancelled'));
    queue.take(taker);
    t.same(told.slice(3), ['cancelled'], 'what was left is dropped');
  },
);

t.test('MessageQueue.take waits for messages that take time to decode', async (t) => {
  const { queue, taker, told } = newQueue();
  for (const text of ['late', 'never']) {
    queue.push(text);
    queue.take(taker);
  }
  t.same(told, []);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(told, [-1, 'not compressed after all']);
});

t.test('MessageQueue ends whoever waits when it is aborted or discarded', async (t) => {
  const aborted = newQueue();
  aborted.queue.take(aborted.taker);
  aborted.queue.abort(new Error('cancelled'));
  t.same(aborted.told, ['cancelled']);
  const discarded = newQueue();
  discarded.queue.take(discarded.taker);
  discarded.queue.discard();
  t.same(discarded.told, ['end']);
});

t.test('MessageQueue has one reader, whichever way it reads', async (t) => {
  const { queue, taker, told } = newQueue();
  queue.take(taker);
  t.throws(() => queue.take(taker), { message: 'a stream has one reader' });
  await t.rejects(queue.next(), { message: 'a stream has one reader' });
  queue.push('1');
  t.same(told, [1]);
  const next = queue.next();
  queue.push('2');
  t.same(await next, { done: false, value: 2 });
});
