import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerStatus,
  MetricStatus,
} from '../../api/gen/autoscaling-v2.js';
import { formatTime } from '../../machinery/time.js';

/** The conditions of an autoscaler. */
export type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

/** The status of an autoscaler while it is worked out. */
export class StatusDraft {
  readonly #nowMs: number;
  readonly #before: HorizontalPodAutoscalerStatus;
  #conditions: HorizontalPodAutoscalerCondition[];
  #counts: Partial<HorizontalPodAutoscalerStatus> = {};

  constructor({ status = {} }: HorizontalPodAutoscaler, nowMs: number) {
    this.#nowMs = nowMs;
    this.#before = status;
    this.#conditions = [...(status.conditions ?? [])];
  }

  /** A condition's time changes with its status alone. */
  tell(type: ConditionType, isTrue: boolean, reason: string, message: string): void {
    const status = isTrue ? 'True' : 'False';
    const at = this.#conditions.findIndex((condition) => condition.type === type);
    const before = this.#conditions[at];
    const sinceNow = formatTime(this.#nowMs);
    const lastTransitionTime =
      before?.status === status ? (before.lastTransitionTime ?? sinceNow) : sinceNow;
    const next = { type, status, lastTransitionTime, reason, message };
    this.#conditions =
      before === undefined ? [...this.#conditions, next] : this.#conditions.with(at, next);
  }

  /** How many there are, and what was measured; how many are wanted is as before. */
  keep(currentReplicas: number, metrics: readonly MetricStatus[]): void {
    const { desiredReplicas = 0 } = this.#before;
    this.set({ currentReplicas, desiredReplicas, metrics, isRescaled: false });
  }

  set(of: {
    readonly currentReplicas: number;
    readonly desiredReplicas: number;
    readonly metrics: readonly MetricStatus[];
    readonly isRescaled: boolean;
  }): void {
    const { lastScaleTime } = this.#before;
    const scaled = of.isRescaled ? formatTime(this.#nowMs) : lastScaleTime;
    this.#counts = {
      // The server leaves zeros out here: a status that has one would be written again and again.
      ...(of.currentReplicas === 0 ? {} : { currentReplicas: of.currentReplicas }),
      desiredReplicas: of.desiredReplicas,
      ...(of.metrics.length === 0 ? {} : { currentMetrics: [...of.metrics] }),
      ...(scaled === undefined ? {} : { lastScaleTime: scaled }),
    };
  }

  /** Without {@link set} or {@link keep}, only conditions change. */
  get status(): HorizontalPodAutoscalerStatus {
    const counts = Object.keys(this.#counts).length === 0 ? this.#before : this.#counts;
    return { ...counts, conditions: this.#conditions };
  }
}
