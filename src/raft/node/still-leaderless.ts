import type { Clock } from '../../base/clock.js';
import { noMember } from '../../base/ids.js';
import type { Prng } from '../../base/prng.js';
import type { RaftCore } from '../core/index.js';

/** Milliseconds; members that lost their leader together do not campaign together. */
const delayMsMax = 150;

/** Calls back after a random moment, unless a leader or another term is known by then. */
export function whenStillLeaderless(
  core: RaftCore,
  { clock, prng }: { readonly clock: Clock; readonly prng: Prng },
  callback: () => void,
): void {
  const { term } = core;
  clock.setTimer(prng.float() * delayMsMax, () => {
    if (core.term === term && core.leader === noMember) callback();
  });
}
