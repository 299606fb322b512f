import t from 'tap';
import { RecentFrames } from '../../../../src/control/apiserver/handlers/recent-frames.js';

t.test('RecentFrames makes a frame once, and keeps the last ones', (t) => {
  const frames = new RecentFrames<{ readonly id: number }>(10);
  const events = Array.from({ length: 3000 }, (_, id) => ({ id }));
  const made: number[] = [];
  const frameOf = (id: number, bytes = 4) =>
    frames.frameOf(events[id]!, () => {
      made.push(id);
      return new Uint8Array(bytes);
    });
  t.equal(frameOf(0), frameOf(0));
  frameOf(1);
  t.same(made, [0, 1]);
  frameOf(2);
  frameOf(1);
  t.same(made, [0, 1, 2], 'two are kept');
  frameOf(0);
  t.same(made, [0, 1, 2, 0], 'the first one was given up');
  frameOf(3, 50);
  t.equal(frames.bytes, 50, 'one that is too large is kept alone');
  for (let id = 4; id < events.length; id++) frameOf(id);
  t.equal(frames.bytes, 8);
  t.equal(made.length, events.length + 1);
  t.end();
});
