import type { ContainerStatus } from '../../../api/gen/core-v1.js';
import { parseTime } from '../../../machinery/time.js';
import type { PodBehaviour } from './behaviour.js';

/** When a container is started again after its end. */
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** What a simulated container is, and does not change. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy: RestartPolicy;
  /** It runs before the others, to its end. */
  readonly isInit: boolean;
  /** Milliseconds from its start to its end; null: it stays. */
  readonly runMs: number | null;
}

/** How a run of a container ended. Times are milliseconds since the epoch. */
export interface ContainerEnd {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly exitCode: number;
}

/** What happened to a container: the events of a pod are made of it. */
export type ContainerNews = 'started' | 'backoff' | 'killing';

/** A simulated container: waiting, running or ended. Times are milliseconds since the epoch. */
export class ContainerRun {
  readonly plan: ContainerPlan;
  state: 'waiting' | 'running' | 'ended' = 'waiting';
  /** Of a waiting one; null: nobody has asked it to start yet. */
  startAtMs: number | null = null;
  /** Of a running one, and of an ended one its last. */
  startedAtMs = 0;
  readyAtMs = 0;
  isReady = false;
  /** Null: it runs on, or does not run. */
  endAtMs: number | null = null;
  /** The end of an ended one. */
  end: ContainerEnd | null = null;
  /** The end before the last start; of a waiting one the last. */
  previousEnd: ContainerEnd | null = null;
  restartCount = 0;
  /** The pause before the restart that it waits for; 0 when it waits for its first start. */
  backoffMs = 0;

  constructor(plan: ContainerPlan) {
    this.plan = plan;
  }

  /** It has ended and will not be started again. */
  get isOver(): boolean {
    return this.state === 'ended';
  }

  /** It has ended well, for good. */
  get hasSucceeded(): boolean {
    return this.isOver && this.end?.exitCode === 0;
  }

  /** Asks for the first start, if nobody has. */
  askToStart(atMs: number): void {
    if (this.state === 'waiting') this.startAtMs ??= atMs;
  }

  /** Does what is due, of one step at most; returns what happened, or null. */
  step(nowMs: number, behaviour: PodBehaviour): ContainerNews | 'ended' | 'ready' | null {
    if (this.state === 'waiting') {
      if (this.startAtMs === null || this.startAtMs > nowMs) return null;
      this.#start(nowMs, behaviour);
      return 'started';
    }
    if (this.state !== 'running') return null;
    if (this.endAtMs !== null && this.endAtMs <= nowMs) {
      return this.#onEnd(this.endAtMs, behaviour);
    }
    const isReady = this.readyAtMs <= nowMs && behaviour.mayBeReady;
    if (isReady === this.isReady) return null;
    this.isReady = isReady;
    return 'ready';
  }

  /** When there is something to do next; null: never by itself. */
  nextMs(behaviour: PodBehaviour): number | null {
    if (this.state === 'waiting') return this.startAtMs;
    if (this.state === 'ended') return null;
    const readyAtMs = this.isReady || !behaviour.mayBeReady ? null : this.readyAtMs;
    if (this.endAtMs === null || readyAtMs === null) return this.endAtMs ?? readyAtMs;
    return Math.min(this.endAtMs, readyAtMs);
  }

  /** Ends a running one for good; a waiting one never starts. */
  stop(nowMs: number, exitCode: number): void {
    if (this.state === 'running') {
      this.#end(nowMs, exitCode);
    } else if (this.state === 'waiting' && this.previousEnd !== null) {
      this.end = this.previousEnd;
      this.state = 'ended';
    } else {
      this.startAtMs = null;
    }
  }

  /** Goes on from what a status says of it. */
  resume(status: ContainerStatus, nowMs: number, behaviour: PodBehaviour): void {
    this.restartCount = status.restartCount ?? 0;
    this.previousEnd = endOf(status.lastState?.terminated);
    const { running, terminated } = status.state ?? {};
    if (running !== undefined) {
      this.state = 'running';
      this.startedAtMs = timeOf(running.startedAt) ?? nowMs;
      this.isReady = status.ready ?? false;
      this.readyAtMs = this.startedAtMs + behaviour.readyMs;
      this.endAtMs = this.#endAfter(this.startedAtMs);
    } else if (terminated !== undefined) {
      this.end = endOf(terminated);
      this.startedAtMs = this.end?.startedAtMs ?? nowMs;
      this.state = 'ended';
      if (this.#restarts(terminated.exitCode ?? 0)) this.#await(nowMs, behaviour);
    } else if (this.previousEnd !== null) {
      this.#await(nowMs, behaviour);
    }
  }

  #start(nowMs: number, behaviour: PodBehaviour): void {
    if (this.previousEnd !== null) this.restartCount++;
    this.state = 'running';
    this.startAtMs = null;
    this.startedAtMs = nowMs;
    this.readyAtMs = nowMs + behaviour.readyMs;
    this.isReady = behaviour.readyMs === 0 && behaviour.mayBeReady;
    this.endAtMs = this.#endAfter(nowMs);
  }

  #endAfter(startedAtMs: number): number | null {
    return this.plan.runMs === null ? null : startedAtMs + this.plan.runMs;
  }

  #onEnd(endedAtMs: number, behaviour: PodBehaviour): ContainerNews | 'ended' {
    const exitCode = this.plan.isInit ? 0 : behaviour.exitCode;
    this.#end(endedAtMs, exitCode);
    if (!this.#restarts(exitCode)) return 'ended';
    this.#await(endedAtMs, behaviour);
    return this.backoffMs === 0 ? 'ended' : 'backoff';
  }

  #end(endedAtMs: number, exitCode: number): void {
    this.end = { startedAtMs: this.startedAtMs, endedAtMs, exitCode };
    this.state = 'ended';
    this.endAtMs = null;
    this.isReady = false;
  }

  #restarts(exitCode: number): boolean {
    const { restartPolicy, isInit } = this.plan;
    if (restartPolicy === 'Never') return false;
    return exitCode !== 0 || (restartPolicy === 'Always' && !isInit);
  }

  /** Waits for its next start. */
  #await(nowMs: number, { backoffMs, backoffMsMax }: PodBehaviour): void {
    this.previousEnd = this.end ?? this.previousEnd;
    this.end = null;
    this.state = 'waiting';
    const restarts = this.restartCount;
    // Never 0 again: a container that ends at once would be restarted without end.
    this.backoffMs =
      restarts === 0 ? 0 : Math.max(1, Math.min(backoffMsMax, backoffMs * 2 ** (restarts - 1)));
    this.startAtMs = (this.previousEnd?.endedAtMs ?? nowMs) + this.backoffMs;
  }
}

function endOf(
  terminated:
    | { readonly exitCode?: number; readonly startedAt?: string; readonly finishedAt?: string }
    | undefined,
): ContainerEnd | null {
  if (terminated === undefined) return null;
  const endedAtMs = timeOf(terminated.finishedAt) ?? 0;
  const startedAtMs = timeOf(terminated.startedAt) ?? endedAtMs;
  return { startedAtMs, endedAtMs, exitCode: terminated.exitCode ?? 0 };
}

function timeOf(text: string | undefined): number | null {
  return text === undefined ? null : parseTime(text);
}
