import t from 'tap';
import { FloodGuard } from '../../../src/rpc/http2/flood-guard.js';
import { ErrorCode } from '../../../src/rpc/http2/protocol.js';

const calm = { name: 'ConnectionFault', code: ErrorCode.enhanceYourCalm };

/** How many frames pass before the guard has enough, at most `countMax`. */
function passing(take: () => void, countMax = 100_000): number {
  for (let count = 0; count < countMax; count++) {
    try {
      take();
    } catch {
      return count;
    }
  }
  return countMax;
}

t.test(
  'FloodGuard lets a burst pass, then so many a second, whatever the clock began at',
  async (t) => {
    for (const startMs of [0, 1e9]) {
      const guard = new FloodGuard();
      t.equal(
        passing(() => guard.onIdleFrame(startMs)),
        1000,
      );
      t.equal(
        passing(() => guard.onIdleFrame(startMs + 2000)),
        100,
      );
      t.throws(() => guard.onIdleFrame(startMs + 2000), calm);
      t.equal(
        passing(() => guard.onIdleFrame(startMs + 3_600_000)),
        1000,
        'an hour earns no more than a burst',
      );
    }
  },
);

t.test('FloodGuard never tires of pings at the pace of keep-alive', async (t) => {
  const guard = new FloodGuard();
  let nowMs = 5000;
  const count = passing(() => {
    nowMs += 100;
    guard.onIdleFrame(nowMs);
  });
  t.equal(count, 100_000);
});

t.test(
  'FloodGuard forgives frames that move nothing once something moves, but not cancelled calls',
  async (t) => {
    const guard = new FloodGuard();
    t.equal(
      passing(() => guard.onIdleFrame(0)),
      1000,
    );
    t.equal(
      passing(() => guard.onReset(0)),
      10_000,
    );
    guard.onProgress();
    t.equal(
      passing(() => guard.onIdleFrame(0)),
      1000,
    );
    t.equal(
      passing(() => guard.onReset(0)),
      0,
    );
    t.equal(
      passing(() => guard.onReset(1000)),
      1000,
    );
    t.throws(() => guard.onReset(1000), calm);
  },
);
