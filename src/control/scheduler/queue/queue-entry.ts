import type { Pod } from '../../api/gen/core-v1.js';
import type { PodInfo } from '../framework/node-info.js';
import type { QueuedPod } from '../framework/plugin.js';

/** A pod of the queue, with what its earlier attempts have shown. */
export class QueueEntry implements QueuedPod {
  info: PodInfo;
  /** When it was last put among those that are tried. */
  timestampMs: number;
  initialAttemptMs: number | null = null;
  /** Cycles that were begun for it. */
  attempts = 0;
  /** Cycles that ended because it fits nowhere; its pauses grow with them. */
  refusals = 0;
  /** Failures in a row that say nothing about where it fits. */
  errors = 0;
  /** Plugins that refused it in its last cycle: their events bring it back, after its pause. */
  refusedBy: ReadonlySet<string> = new Set();
  /** Plugins that wait for something of which they are told: their events bring it back at once. */
  waitsFor: ReadonlySet<string> = new Set();
  /** The plugin that does not let it into the active queue; null: none. */
  gatedBy: string | null = null;
  /** When it came back from its last cycle without a node. */
  failedAtMs = 0;

  constructor(info: PodInfo, nowMs: number) {
    this.info = info;
    this.timestampMs = nowMs;
  }

  get pod(): Pod {
    return this.info.pod;
  }
}
