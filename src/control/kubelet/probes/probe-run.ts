import type { Clock, Timer } from '../../../base/clock.js';
import type { Probe } from '../../api/gen/core-v1.js';
import type { ProbeAnswer } from './prober.js';

/** The probes that a container may have. */
export type ProbeKind = 'Liveness' | 'Readiness' | 'Startup';

/** What a run of probes works with. */
export interface ProbeRunParts {
  readonly clock: Clock;
  readonly probe: Probe;
  readonly kind: ProbeKind;
  /** When the container was started, in wall time. */
  readonly startedAtMs: number;
  /** False: not to be asked now, as liveness before the start is over. */
  readonly isDue: () => boolean;
  readonly ask: (timeoutMs: number) => Promise<ProbeAnswer>;
  /** Each answer, and whether the container is now held for well or not. */
  readonly onAnswer: (answer: ProbeAnswer) => void;
  readonly onVerdict: (isWell: boolean) => void;
}

/** Asks one container one thing, again and again, until it is stopped. */
export class ProbeRun {
  readonly #parts: ProbeRunParts;
  #timer: Timer | null = null;
  #isStopped = false;
  /** The last answers that were the same. */
  #streak: { result: 'success' | 'failure'; count: number } = { result: 'success', count: 0 };
  #verdict: boolean | null = null;

  constructor(parts: ProbeRunParts) {
    this.#parts = parts;
    this.#verdict = parts.kind === 'Startup' ? null : parts.kind === 'Liveness';
    const { clock, probe, startedAtMs } = parts;
    const beginsAtMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    this.#after(Math.max(0, beginsAtMs - clock.wallTime()));
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) this.#parts.clock.clearTimer(this.#timer);
  }

  #after(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#parts.clock.setTimer(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { probe, isDue, ask, onAnswer, clock } = this.#parts;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const begunMs = clock.now();
    if (isDue()) {
      const answer = await ask((probe.timeoutSeconds ?? 1) * 1000);
      if (this.#isStopped) return;
      onAnswer(answer);
      this.#judge(answer.result);
    }
    this.#after(Math.max(0, periodMs - (clock.now() - begunMs)));
  }

  #judge(result: ProbeAnswer['result']): void {
    // Nothing was found out: as if nobody had asked.
    if (result === 'unknown') return;
    const { probe, onVerdict, kind } = this.#parts;
    const streak = this.#streak;
    if (streak.result === result) streak.count++;
    else this.#streak = { result, count: 1 };
    const isWell = result === 'success';
    const needed = isWell ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#streak.count < needed || this.#verdict === isWell) return;
    this.#verdict = isWell;
    onVerdict(isWell);
    // The container is started anew, or has started: there is nothing more to ask of it.
    const isDone = kind === 'Startup' || (kind === 'Liveness' && !isWell);
    if (isDone) this.stop();
  }
}
