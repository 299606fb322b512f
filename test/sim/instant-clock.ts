import type { Clock } from '../../src/base/clock.js';

/** A clock for tests without time: timers fire in the next turn of the loop, in the order in which they were set. */
export const instantClock: Clock = {
  now: () => 0,
  wallTime: () => 0,
  setTimer: (_, callback) => ({ timer: setImmediate(callback) }),
  clearTimer: ({ timer }) => clearImmediate(timer as NodeJS.Immediate),
  defer: (callback) => void setImmediate(callback),
  deferBriefly: (callback) => void setImmediate(callback),
};
