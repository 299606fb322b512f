import type { Clock, Timer } from '../../../base/clock.js';
import type { PodInfo } from '../framework/node-info.js';
import type { PluginStatus } from '../framework/plugin.js';
import type { WaitingPod } from '../framework/scheduler-handle.js';

/** Pods whose permit plugins make them wait, by uid. */
export class WaitingPods {
  readonly #clock: Clock;
  readonly #pods = new Map<string, PermitWait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(uid: string): WaitingPod | undefined {
    return this.#pods.get(uid);
  }

  all(): readonly WaitingPod[] {
    return [...this.#pods.values()];
  }

  /** Begins to wait for each plugin, for so long at most. */
  add(info: PodInfo, nodeName: string, waitMs: ReadonlyMap<string, number>): void {
    const wait = new PermitWait(this.#clock, info, nodeName, waitMs);
    this.#pods.set(info.uid, wait);
    void wait.decided.then(() => this.#pods.delete(info.uid));
  }

  /** What its plugins decide: null lets it go. At once when it does not wait. */
  async decided(uid: string): Promise<PluginStatus | null> {
    return (await this.#pods.get(uid)?.decided) ?? null;
  }

  /** Refuses what waits: it is deleted, or must make room. */
  reject(uid: string, reason: string): void {
    this.#pods.get(uid)?.reject('', reason);
  }

  close(): void {
    for (const pod of this.#pods.values()) pod.reject('', 'the scheduler stops');
  }
}

class PermitWait implements WaitingPod {
  readonly info: PodInfo;
  readonly nodeName: string;
  readonly decided: Promise<PluginStatus | null>;
  readonly #clock: Clock;
  readonly #timers = new Map<string, Timer>();
  #decide: (status: PluginStatus | null) => void = () => {};

  constructor(clock: Clock, info: PodInfo, nodeName: string, waitMs: ReadonlyMap<string, number>) {
    this.info = info;
    this.nodeName = nodeName;
    this.#clock = clock;
    this.decided = new Promise((resolve) => {
      this.#decide = resolve;
    });
    for (const [plugin, delayMs] of waitMs) {
      const text = `rejected due to timeout after waiting ${delayMs / 1000}s at plugin ${plugin}`;
      const onTimer = () => this.reject(plugin, text);
      this.#timers.set(plugin, clock.setTimer(delayMs, onTimer));
    }
  }

  pendingPlugins(): readonly string[] {
    return [...this.#timers.keys()];
  }

  allow(plugin: string): void {
    const timer = this.#timers.get(plugin);
    if (timer === undefined) return;
    this.#clock.clearTimer(timer);
    this.#timers.delete(plugin);
    if (this.#timers.size === 0) this.#decide(null);
  }

  reject(plugin: string, reason: string): void {
    for (const timer of this.#timers.values()) this.#clock.clearTimer(timer);
    this.#timers.clear();
    this.#decide({ code: 'unschedulable', reasons: [reason], plugin });
  }
}
