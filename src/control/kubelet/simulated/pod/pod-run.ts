import type { Container, Pod, PodStatus } from '../../../api/gen/core-v1.js';
import { parseTime } from '../../../machinery/time.js';
import type { PodBehaviour } from './behaviour.js';
import { type ContainerNews, type ContainerPlan, ContainerRun } from './container-run.js';

/** Something that happened to a container of a pod. */
export interface PodNews {
  readonly news: ContainerNews;
  readonly container: ContainerRun;
}

/** Why a pod failed as a whole. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

/** The exit code of what does not handle SIGTERM. */
const terminatedExitCode = 143;

/**
 * A pod on a simulated node: a machine that is told the time and says when it wants to be told again. All times are milliseconds
 * since the epoch. It goes on from any status, so that a restart of the node changes nothing for it.
 */
export class PodRun {
  readonly inits: readonly ContainerRun[];
  readonly mains: readonly ContainerRun[];
  readonly startedAtMs: number;
  /** Counts what a status would show: the same number, the same status. */
  revision = 1;
  /** What happened since it was last taken out, in order. */
  news: PodNews[] = [];
  /** Set: the pod is over, whatever its containers say. */
  failure: PodFailure | null = null;
  /** The containers are started; from here on the pod has an address. */
  hasSandbox: boolean;
  #behaviour: PodBehaviour;
  readonly #deadlineMs: number | null;
  /** When the containers are told to end; null: nobody has deleted the pod. */
  #stopAtMs: number | null = null;
  /** It was over before this node took it up: its status is final. */
  readonly wasOver: boolean;

  constructor(pod: Pod, behaviour: PodBehaviour, nowMs: number) {
    const { spec, status } = pod;
    this.#behaviour = behaviour;
    const policy = policyOf(spec?.restartPolicy) ?? 'Always';
    this.inits = (spec?.initContainers ?? []).map(
      (container) => new ContainerRun(initPlan(container, policy, behaviour)),
    );
    this.mains = (spec?.containers ?? []).map(
      (container) => new ContainerRun(mainPlan(container, policy, behaviour)),
    );
    const startedAtMs = status?.startTime === undefined ? null : parseTime(status.startTime);
    this.startedAtMs = startedAtMs ?? nowMs;
    this.hasSandbox = status?.podIP !== undefined;
    const seconds = spec?.activeDeadlineSeconds;
    this.#deadlineMs = seconds === undefined ? null : this.startedAtMs + seconds * 1000;
    this.wasOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    this.#resume(status, nowMs);
    if (behaviour.failReason !== null && startedAtMs === null) {
      const message = 'Pod was rejected: its annotation says so';
      this.failure = { reason: behaviour.failReason, message };
    }
  }

  /** The containers have ended for good. */
  get isOver(): boolean {
    if (this.wasOver || this.failure !== null) return true;
    return this.mains.every((each) => each.isOver) || this.#hasFailedInit;
  }

  /** Nothing of a deleted pod runs any more: it can go. */
  get isStopped(): boolean {
    if (this.#stopAtMs === null) return false;
    return ![...this.inits, ...this.mains].some(({ state }) => state === 'running');
  }

  /** The pod was deleted: its containers end after `stopMs`, or the grace period if that is shorter. */
  stop(nowMs: number, graceSeconds: number): void {
    const stopAtMs = nowMs + Math.min(this.#behaviour.stopMs, graceSeconds * 1000);
    if (this.#stopAtMs !== null && this.#stopAtMs <= stopAtMs) return;
    const isFirst = this.#stopAtMs === null;
    this.#stopAtMs = stopAtMs;
    if (!isFirst) return;
    for (const container of [...this.inits, ...this.mains]) {
      if (container.state === 'running') this.news.push({ news: 'killing', container });
    }
  }

  /** The annotations have changed. What has begun keeps its times. */
  behave(behaviour: PodBehaviour): void {
    this.#behaviour = behaviour;
  }

  /** Does everything that is due, and says when there is more; null: never by itself. */
  advance(nowMs: number): number | null {
    if (this.wasOver || this.failure !== null) return null;
    if (this.#stopAtMs !== null) return this.#advanceToStop(nowMs, this.#stopAtMs);
    if (this.#deadlineMs !== null && this.#deadlineMs <= nowMs && !this.isOver) {
      this.#exceed(this.#deadlineMs);
      return null;
    }
    if (this.inits.length > 0 && !this.#advanceInits(nowMs)) return this.#nextMs();
    this.#askToStart(this.mains, nowMs);
    for (const container of this.mains) this.#step(container, nowMs);
    if (this.mains.every((each) => each.isOver)) this.#endSidecars(nowMs);
    return this.isOver ? null : this.#nextMs();
  }

  /** True: the containers proper may start. */
  #advanceInits(nowMs: number): boolean {
    for (const container of this.inits) {
      this.#askToStart([container], nowMs);
      this.#step(container, nowMs);
      const stays = container.plan.restartPolicy === 'Always' && !container.plan.isInit;
      const isThrough = stays ? container.state === 'running' : container.hasSucceeded;
      if (!isThrough) return false;
    }
    return true;
  }

  #askToStart(containers: readonly ContainerRun[], nowMs: number): void {
    for (const container of containers) container.askToStart(nowMs + this.#behaviour.startMs);
  }

  #step(container: ContainerRun, nowMs: number): void {
    for (let did = container.step(nowMs, this.#behaviour); did !== null; ) {
      this.revision++;
      if (did === 'started') this.hasSandbox = true;
      if (did === 'started' || did === 'backoff') this.news.push({ news: did, container });
      did = container.step(nowMs, this.#behaviour);
    }
  }

  #advanceToStop(nowMs: number, stopAtMs: number): number | null {
    if (this.isStopped) return null;
    if (nowMs < stopAtMs) return stopAtMs;
    this.#stopAll(nowMs);
    return null;
  }

  #stopAll(nowMs: number): void {
    for (const container of [...this.inits, ...this.mains]) {
      const isServer = container.plan.restartPolicy === 'Always';
      container.stop(nowMs, isServer ? 0 : terminatedExitCode);
    }
    this.revision++;
  }

  #exceed(atMs: number): void {
    this.#stopAll(atMs);
    this.failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
  }

  #endSidecars(nowMs: number): void {
    for (const container of this.inits) {
      if (container.state !== 'running') continue;
      container.stop(nowMs, 0);
      this.revision++;
    }
  }

  get #hasFailedInit(): boolean {
    return this.inits.some((each) => each.plan.isInit && each.isOver && !each.hasSucceeded);
  }

  #nextMs(): number | null {
    if (this.#hasFailedInit) return null;
    let next = this.#deadlineMs;
    for (const container of [...this.inits, ...this.mains]) {
      const atMs = container.nextMs(this.#behaviour);
      if (atMs !== null && (next === null || atMs < next)) next = atMs;
    }
    return next;
  }

  #resume(status: PodStatus | undefined, nowMs: number): void {
    const statuses = [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ];
    if (statuses.length === 0) return;
    for (const container of [...this.inits, ...this.mains]) {
      const known = statuses.find(({ name }) => name === container.plan.name);
      if (known !== undefined) container.resume(known, nowMs, this.#behaviour);
    }
  }
}

function initPlan(container: Container, policy: Policy, behaviour: PodBehaviour): ContainerPlan {
  const { name = '', image = '' } = container;
  if (container.restartPolicy === 'Always') {
    return { name, image, restartPolicy: 'Always', isInit: false, runMs: null };
  }
  const restartPolicy = policyOf(container.restartPolicy) ?? policy;
  return { name, image, restartPolicy, isInit: true, runMs: behaviour.initMs };
}

function mainPlan(container: Container, policy: Policy, behaviour: PodBehaviour): ContainerPlan {
  const { name = '', image = '' } = container;
  const restartPolicy = policyOf(container.restartPolicy) ?? policy;
  return { name, image, restartPolicy, isInit: false, runMs: behaviour.runMs };
}

type Policy = ContainerPlan['restartPolicy'];

function policyOf(text: string | undefined): Policy | null {
  return text === 'Always' || text === 'OnFailure' || text === 'Never' ? text : null;
}
