import type { WatchEvent } from './collection.js';

/** How long new pods took, in milliseconds, as whoever watches has seen it. */
export interface Milestones {
  /** From being there to having a node. */
  readonly toNode: readonly number[];
  /** From being there to running. */
  readonly toRunning: readonly number[];
}

/** A pod as far as this looks. */
interface PodObject {
  readonly metadata?: { readonly uid?: string };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
}

/** A pod that is on its way. */
interface Waiting {
  readonly sinceMs: number;
  hasNode: boolean;
}

const waitingMax = 20_000;

/** Measures pods that are made while it watches, by when it is told of them; pods that were there before do not count. */
export class PodMilestones {
  readonly #waiting = new Map<string, Waiting>();
  #toNode: number[] = [];
  #toRunning: number[] = [];

  /** Takes an event of a watch of pods in, told at `nowMs`. */
  take({ type, object }: WatchEvent, nowMs: number): void {
    const { metadata, spec, status } = object as PodObject;
    const uid = metadata?.uid;
    if (uid === undefined || type === 'BOOKMARK' || type === 'ERROR') return;
    if (type === 'DELETED') {
      this.#waiting.delete(uid);
      return;
    }
    if (type === 'ADDED') this.#add(uid, nowMs);
    const waiting = this.#waiting.get(uid);
    if (waiting === undefined) return;
    const tookMs = nowMs - waiting.sinceMs;
    if (!waiting.hasNode && (spec?.nodeName ?? '') !== '') {
      waiting.hasNode = true;
      this.#toNode.push(tookMs);
    }
    if (status?.phase === undefined || status.phase === 'Pending') return;
    this.#waiting.delete(uid);
    if (status.phase === 'Running') this.#toRunning.push(tookMs);
  }

  /** What was measured since this was last asked. */
  drain(): Milestones {
    const milestones = { toNode: this.#toNode, toRunning: this.#toRunning };
    this.#toNode = [];
    this.#toRunning = [];
    return milestones;
  }

  #add(uid: string, nowMs: number): void {
    if (this.#waiting.size < waitingMax) this.#waiting.set(uid, { sinceMs: nowMs, hasNode: false });
  }
}
