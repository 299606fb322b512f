import type { Clock } from '../../../src/base/clock.js';
import { hostClock } from '../../../src/host/clock.js';

/**
 * The machine's clock, `times` as fast from now on: pauses of controllers that are minutes pass in seconds. The API server's own clock
 * falls behind it, as that of another machine might.
 */
export function fastClock(times: number): Clock {
  const from = hostClock.now();
  const wallFrom = hostClock.wallTime();
  return {
    now: () => from + (hostClock.now() - from) * times,
    wallTime: () => wallFrom + (hostClock.now() - from) * times,
    setTimer: (delayMs, callback) => hostClock.setTimer(delayMs / times, callback),
    clearTimer: (timer) => hostClock.clearTimer(timer),
    defer: (callback) => hostClock.defer(callback),
    deferBriefly: (callback) => hostClock.deferBriefly(callback),
  };
}
