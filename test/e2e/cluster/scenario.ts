import type { Test } from 'tap';
import type { Place } from './place.js';

/** Something that users do, and what comes of it. */
export interface Scenario {
  /** Names the namespace that it has to itself. */
  readonly name: string;
  /** A sentence: what holds. */
  readonly title: string;
  run(t: Test, place: Place): Promise<void>;
}
