import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { Prng } from '../../base/prng.js';
import type { ControlClient } from '../client/index.js';

/** Brings what is there closer to what is wanted, over and over. */
export interface Controller {
  readonly name: string;
  /** Runs until the signal aborts, and resolves when nothing is under way. Rejects for bugs alone. */
  run(signal: AbortSignal): Promise<void>;
}

/** What every controller works with. */
export interface ControllerParts {
  readonly client: ControlClient;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
}
