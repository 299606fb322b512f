import type { Pod } from '../../api/gen/core-v1.js';
import type { FieldPlace } from '../container/fields.js';
import type { PreparedVolume } from '../volumes/pod-volumes.js';
import { VolumeError } from '../volumes/volume-error.js';
import type { PodWorkerParts } from './pod-worker-parts.js';

const retryMsMin = 500;
const retryMsMax = 30_000;
/** How old what is known of config maps may be when volumes are only looked after. */
const refreshAgeMsMax = 30_000;

/** How a pod's volumes are, and when to look again. */
export interface VolumeFinding {
  /** Containers may start, or go on. */
  readonly areThere: boolean;
  readonly nextMs: number;
}

/** Sets up the volumes of one pod, and keeps them up to date. */
export class VolumeUpkeep {
  readonly #parts: Pick<PodWorkerParts, 'clock' | 'volumes' | 'events' | 'volumeRefreshMs'>;
  #preparedAtMs = Number.NEGATIVE_INFINITY;
  #prepared: ReadonlyMap<string, PreparedVolume> = new Map();
  #failure = '';
  /** Since they were set up last. */
  #failures = 0;

  constructor(parts: Pick<PodWorkerParts, 'clock' | 'volumes' | 'events' | 'volumeRefreshMs'>) {
    this.#parts = parts;
  }

  /** As they were set up last, by name. */
  get prepared(): ReadonlyMap<string, PreparedVolume> {
    return this.#prepared;
  }

  /** Before containers start (`hasWork`) they are set up as they are wanted now; those of a pod that runs may be away for a while. */
  async prepare(pod: Pod, place: FieldPlace, hasWork: boolean): Promise<VolumeFinding> {
    const { clock, volumes, volumeRefreshMs } = this.#parts;
    const ageMs = clock.now() - this.#preparedAtMs;
    if (!hasWork && ageMs < volumeRefreshMs) {
      return { areThere: true, nextMs: volumeRefreshMs - ageMs };
    }
    try {
      const ageMsMax = hasWork ? 0 : refreshAgeMsMax;
      this.#prepared = await volumes.prepare(pod, { place, ageMsMax });
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      return this.#failed(pod, error, hasWork);
    }
    this.#preparedAtMs = clock.now();
    this.#failure = '';
    this.#failures = 0;
    return { areThere: true, nextMs: volumeRefreshMs };
  }

  #failed(pod: Pod, { message }: VolumeError, hasWork: boolean): VolumeFinding {
    if (this.#failure !== message || hasWork) {
      this.#parts.events.event(pod, 'Warning', 'FailedMount', message);
    }
    this.#failure = message;
    const nextMs = Math.min(retryMsMax, retryMsMin * 2 ** this.#failures++);
    return { areThere: !hasWork, nextMs };
  }
}
