import type { Clock, Timer } from '../base/clock.js';

/** Node clamps longer timers to 1 ms, so they are chained. */
const timerMsMax = 2 ** 31 - 1;

interface HostTimer {
  handle: NodeJS.Timeout;
}

/** The machine's clock. */
export const hostClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer: HostTimer = { handle: undefined as unknown as NodeJS.Timeout };
    arm(timer, delayMs, callback);
    return { timer };
  },
  clearTimer(timer: Timer) {
    clearTimeout((timer.timer as HostTimer).handle);
  },
  defer(callback) {
    setImmediate(runDeferred, callback);
  },
  deferBriefly(callback) {
    if (isDeferredRunning) queueMicrotask(callback);
    else setImmediate(runDeferred, callback);
  },
};

let isDeferredRunning = false;

function runDeferred(callback: () => void): void {
  isDeferredRunning = true;
  try {
    callback();
  } finally {
    isDeferredRunning = false;
  }
}

function arm(timer: HostTimer, delayMs: number, callback: () => void): void {
  if (delayMs <= timerMsMax) {
    timer.handle = setTimeout(callback, delayMs);
    return;
  }
  timer.handle = setTimeout(() => arm(timer, delayMs - timerMsMax, callback), timerMsMax);
}
