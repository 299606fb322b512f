import type { Pod, PodCondition } from '../../api/gen/core-v1.js';
import { isOperating } from '../operating-error.js';
import { PodResizer } from '../resize/pod-resizer.js';
import type { SandboxConfig } from '../runtime/container-runtime.js';
import type { WaitingReason } from '../status/container-statuses.js';
import { podStatus } from '../status/pod-status.js';
import { deadlineExceeded, untilDeadlineMs } from './deadline.js';
import { currentSandbox, isRunning, newestOf, type ObservedPod, podIps } from './observed-pod.js';
import {
  type MustRestart,
  type PlannedKill,
  type PlannedStart,
  type PodPlan,
  planPod,
} from './plan.js';
import { PodSandbox } from './pod-sandbox.js';
import type { PodFailure, PodWorkerParts } from './pod-worker-parts.js';
import { removeTraces } from './remove-traces.js';
import { VolumeUpkeep } from './volume-upkeep.js';
import { WakeTimer } from './wake-timer.js';

const retryMsMin = 500;
const retryMsMax = 30_000;
const evictionGraceSecondsMin = 1;
const resizeRetryMs = 10_000;

/**
 * Keeps one pod as it is to be. Looks at what is wanted and at what there is, does what is missing, and looks again: whatever happened in
 * between, to it or to the node, is found out that way. One look at a time.
 */
export class PodWorker {
  readonly uid: string;
  readonly #parts: PodWorkerParts;
  readonly #waiting = new Map<string, WaitingReason>();
  readonly #startedAtMs: number;
  #pod: Pod;
  #look: Promise<void> | null = null;
  /** Somebody asked for another look since the last one began. */
  #isDirty = false;
  #isClosed = false;
  readonly #timer: WakeTimer;
  #failures = 0;
  #isAdmitted = false;
  /** The API has no such pod any more. */
  #isRemoved = false;
  /** Its containers have ended for good. */
  #isDone = false;
  /** Nothing of it is left running, and its volumes are gone. */
  #isOver = false;
  #failure: PodFailure | null = null;
  #conditions: readonly PodCondition[] = [];
  #failureGraceSeconds: number | null = null;
  /** Being stopped with this much grace; null: not. */
  #stoppingSeconds: number | null = null;
  /** Aborted when the pod is to end: what starts gives up. */
  #starting = new AbortController();
  readonly #volumes: VolumeUpkeep;
  readonly #sandbox: PodSandbox;
  readonly #resizer: PodResizer;

  constructor(pod: Pod, parts: PodWorkerParts) {
    this.uid = pod.metadata.uid ?? '';
    this.#pod = pod;
    this.#parts = parts;
    this.#startedAtMs = parts.clock.wallTime();
    this.#timer = new WakeTimer(parts.clock, () => this.wake());
    this.#volumes = new VolumeUpkeep(parts);
    this.#sandbox = new PodSandbox(parts);
    this.#resizer = new PodResizer(parts);
  }

  /** The pod as it is wanted, with its status as far as it is known. */
  get pod(): Pod {
    return this.#pod;
  }

  /** The pod as the node carries it: with what it was given. */
  get given(): Pod {
    return this.#resizer.given(this.#pod);
  }

  /** It runs, or will: it counts among what the node has to carry. */
  get isActive(): boolean {
    const { phase } = this.#pod.status ?? {};
    const isEnded = phase === 'Failed' || phase === 'Succeeded';
    return !this.#isOver && this.#failure === null && !isEnded;
  }

  /** The node has taken it. */
  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  /** Nothing of it is left running. */
  get isEnded(): boolean {
    return this.#isOver;
  }

  /** The pod is wanted like this now. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (this.#mustEnd()) this.#starting.abort();
    this.#hurry();
    this.wake();
  }

  /** The pod is not wanted any more, and nobody is to be told of how it ended. */
  remove(): void {
    this.#isRemoved = true;
    this.#starting.abort();
    this.#hurry();
    this.wake();
  }

  /** The node ends the pod. */
  fail(
    failure: PodFailure,
    conditions: readonly PodCondition[],
    graceSeconds: number | null,
  ): void {
    if (this.#failure !== null || this.#isOver) return;
    this.#failure = failure;
    this.#conditions = conditions;
    this.#failureGraceSeconds = graceSeconds;
    this.#starting.abort();
    this.wake();
  }

  /** Has it look soon. */
  wake(): void {
    if (this.#isClosed) return;
    this.#isDirty = true;
    this.#look ??= this.#lookUntilClean().finally(() => {
      this.#look = null;
      if (this.#isDirty) this.wake();
    });
  }

  /** Stops looking; what runs goes on. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isDirty = false;
    this.#starting.abort();
    this.#timer.close();
  }

  async #lookUntilClean(): Promise<void> {
    while (this.#isDirty && !this.#isClosed) {
      this.#isDirty = false;
      try {
        await this.#sync();
        this.#failures = 0;
      } catch (error) {
        if (this.#isClosed) return;
        this.#onFailure(error);
      }
    }
  }

  #onFailure(error: unknown): void {
    if (!isOperating(error)) throw error;
    const { name, namespace } = this.#pod.metadata;
    this.#parts.logger.warn('a pod is not as it should be; trying again', {
      ...{ pod: name, namespace, error: error.message },
    });
    this.#timer.within(Math.min(retryMsMax, retryMsMin * 2 ** this.#failures++));
  }

  async #sync(): Promise<void> {
    const { watch } = this.#parts;
    const { name = '', namespace = '' } = this.#pod.metadata;
    const observed = await watch.observe(this.uid, namespace, name);
    if (this.#mustEnd()) await this.#end(observed);
    else await this.#keep(observed);
  }

  #mustEnd(): boolean {
    const { deletionTimestamp } = this.#pod.metadata;
    const { phase } = this.#pod.status ?? {};
    const isEnded = phase === 'Failed' || phase === 'Succeeded';
    const isToGo = this.#isRemoved || deletionTimestamp !== undefined;
    return isToGo || isEnded || this.#isDone || this.#failure !== null;
  }

  /** Sees to it that what is to run does. */
  async #keep(observed: ObservedPod): Promise<void> {
    const { probes } = this.#parts;
    if (!this.#isAdmissible(observed) || this.#isPastDeadline()) {
      this.wake();
      return;
    }
    probes.follow(this.#pod, observed);
    await this.#resize(observed);
    const mustRestart: MustRestart = (spec, state) => this.#resizer.mustRestart(spec, state);
    const plan = planPod(this.given, observed, probes, mustRestart);
    if (plan.isOver) {
      this.#isDone = true;
      this.wake();
      return;
    }
    this.#forgetReasons(observed, plan);
    await this.#publish(observed, false);
    const hasWork = plan.starts.length > 0 || plan.sandboxAttempt !== null;
    if (!(await this.#prepareVolumes(observed, hasWork))) return;
    for (const kill of plan.kills) await this.#kill(kill, observed);
    const sandbox = await this.#sandbox.ensure(this.given, observed, plan);
    if (sandbox === null) return;
    if (plan.sandboxAttempt !== null) await this.#publish(sandbox.observed, false);
    const isChanged = await this.#startAll(plan.starts, sandbox.observed, sandbox.config);
    if (isChanged || plan.kills.length > 0 || plan.sandboxAttempt !== null) this.wake();
  }

  #isAdmissible(observed: ObservedPod): boolean {
    if (this.#isAdmitted) return true;
    const failure = observed.sandboxes.length > 0 ? null : this.#parts.admit(this.#pod);
    if (failure === null) {
      this.#isAdmitted = true;
      return true;
    }
    this.#failure = failure;
    this.#parts.events.event(this.#pod, 'Warning', failure.reason, failure.message);
    return false;
  }

  #isPastDeadline(): boolean {
    const { clock, events } = this.#parts;
    const times = { startedAtMs: this.#startedAtMs, nowMs: clock.wallTime() };
    const leftMs = untilDeadlineMs(this.#pod, times);
    if (leftMs === null) return false;
    if (leftMs > 0) {
      this.#timer.within(leftMs);
      return false;
    }
    this.#failure = deadlineExceeded;
    events.event(this.#pod, 'Normal', deadlineExceeded.reason, deadlineExceeded.message);
    return true;
  }

  async #resize(observed: ObservedPod): Promise<void> {
    await this.#resizer.allocate(this.#pod);
    const isDone = await this.#resizer.actuate(this.given, observed);
    if (!isDone || this.#resizer.isPending) this.#timer.within(resizeRetryMs);
  }

  /** What runs, or is not to be started any more, waits for nothing. */
  #forgetReasons(observed: ObservedPod, { starts }: PodPlan): void {
    for (const name of this.#waiting.keys()) {
      const isWanted = starts.some(({ container }) => container.name === name);
      if (!isWanted || newestOf(observed, name)?.state === 'running') this.#waiting.delete(name);
    }
  }

  /** False: its volumes are not there, and it is tried again later. */
  async #prepareVolumes(observed: ObservedPod, hasWork: boolean): Promise<boolean> {
    const { areThere, nextMs } = await this.#volumes.prepare(
      this.#pod,
      this.#place(observed),
      hasWork,
    );
    this.#timer.within(nextMs);
    return areThere;
  }

  async #kill({ container, state, message, cause }: PlannedKill, observed: ObservedPod) {
    const { stopper, probes } = this.#parts;
    const pod = this.#pod;
    const ip = this.#place(observed).podIps[0] ?? '';
    const probe = cause === 'liveness' ? 'Liveness' : cause === 'startup' ? 'Startup' : null;
    const own = probe === null ? null : probes.graceOf(state.id, probe);
    const graceSeconds = own ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    await stopper.stopContainer({ pod, container, state, graceSeconds, ip, message });
  }

  /** True: the runtime has been asked for something. */
  async #startAll(
    starts: readonly PlannedStart[],
    observed: ObservedPod,
    sandbox: SandboxConfig,
  ): Promise<boolean> {
    const sandboxId = currentSandbox(observed)?.id;
    if (sandboxId === undefined) return true;
    const where = {
      ...{ pod: this.given, observed, sandboxId, sandbox, volumes: this.#volumes.prepared },
      place: this.#place(observed),
      signal: this.#starting.signal,
    };
    let isChanged = false;
    for (const planned of starts) {
      if (this.#isClosed || this.#mustEnd()) return true;
      const outcome = await this.#parts.starter.start(planned, where);
      const { name } = planned.container;
      if (outcome.kind === 'started') {
        this.#waiting.delete(name);
        isChanged = true;
        continue;
      }
      const isNews = this.#waiting.get(name)?.message !== outcome.why.message;
      this.#waiting.set(name, outcome.why);
      this.#timer.within(outcome.retryMs);
      if (isNews) await this.#publish(observed, false);
    }
    return isChanged;
  }

  /** Sees to it that nothing of it runs, and says how it ended. */
  async #end(observed: ObservedPod): Promise<void> {
    const { probes, stopper, watch, volumes } = this.#parts;
    const { name = '', namespace = '' } = this.#pod.metadata;
    let now = observed;
    const hasReady = () => now.sandboxes.some(({ isReady }) => isReady);
    if (isRunning(now) || hasReady() || now.containers.some(({ state }) => state !== 'exited')) {
      probes.follow(this.#pod, now);
      probes.calm(this.uid);
      if (!this.#isRemoved) await this.#publish(now, false);
      this.#stoppingSeconds = this.#graceSeconds();
      const ip = this.#place(now).podIps[0] ?? '';
      try {
        await stopper.stopPod(this.#pod, now, this.#stoppingSeconds, ip);
      } finally {
        this.#stoppingSeconds = null;
      }
      now = await watch.observe(this.uid, namespace, name);
      if (isRunning(now)) {
        this.#timer.within(retryMsMin);
        return;
      }
    }
    if (!this.#isOver) {
      await volumes.tearDown(this.uid);
      this.#isOver = true;
    }
    if (this.#isRemoved) await this.#cleanUp(now);
    else await this.#publish(now, true);
    probes.forget(this.uid);
  }

  #graceSeconds(): number {
    const { deletionGracePeriodSeconds: asked } = this.#pod.metadata;
    const ofSpec = this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
    if (this.#failureGraceSeconds !== null) {
      return Math.max(evictionGraceSecondsMin, this.#failureGraceSeconds);
    }
    return Math.max(evictionGraceSecondsMin, asked ?? ofSpec);
  }

  /** Less time is given than when stopping began. */
  #hurry(): void {
    const before = this.#stoppingSeconds;
    if (before === null) return;
    const seconds = this.#isRemoved ? evictionGraceSecondsMin : this.#graceSeconds();
    if (seconds >= before) return;
    this.#stoppingSeconds = seconds;
    const { watch, runtime } = this.#parts;
    for (const { id, state } of watch.pods.get(this.uid)?.containers ?? []) {
      // The stop that is under way tells when it has ended.
      if (state === 'running') void runtime.stopContainer(id, seconds).catch(() => {});
    }
  }

  /** Takes away what the runtime and the node keep of a pod that is gone. */
  async #cleanUp(observed: ObservedPod): Promise<void> {
    const { images, backOff, messages, onGone } = this.#parts;
    await removeTraces(observed, this.#pod, this.#parts);
    for (const { id } of observed.containers) messages.forget(id);
    images.forget(this.uid);
    backOff.forget(`${this.uid}_`);
    await this.close();
    onGone(this.uid);
  }

  #place(observed: ObservedPod) {
    const { hostIps, nodeName } = this.#parts;
    return { nodeName, hostIps, podIps: podIps(observed, hostIps) };
  }

  /** Has the API server know what there is. */
  async #publish(observed: ObservedPod, isOver: boolean): Promise<void> {
    const { messages, statuses, shownPod, runtimeName, probes, clock, hostIps } = this.#parts;
    const texts = await messages.of(observed);
    const shown = shownPod(this.#pod);
    const known = statuses.latest(shown ?? this.#pod);
    const pod: Pod =
      known.status === undefined ? this.#pod : { ...this.#pod, status: known.status };
    const status = podStatus({
      pod: this.#resizer.given(pod),
      actual: (state) => this.#resizer.actual(state),
      ...{ observed, waiting: this.#waiting, messages: texts, runtimeName, hostIps },
      isStarted: (id) => probes.isStarted(id),
      isReady: (id) => probes.isReady(id),
      isOver,
      nowMs: clock.wallTime(),
      startedAtMs: this.#startedAtMs,
      failure: this.#failure,
      otherConditions: [...this.#conditions, ...this.#resizer.conditions()],
    });
    this.#pod = { ...this.#pod, status: { ...pod.status, ...status } };
    if (shown === null) return;
    statuses.set(shown, status, isOver);
  }
}
