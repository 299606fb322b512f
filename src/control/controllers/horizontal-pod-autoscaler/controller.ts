import type { Scale } from '../../api/gen/autoscaling-v1.js';
import type { HorizontalPodAutoscaler } from '../../api/gen/autoscaling-v2.js';
import type { Pod } from '../../api/gen/core-v1.js';
import {
  type ApiResource,
  type Informer,
  namespaceIndex,
  objectKey,
  resources,
  UnreachableError,
  WorkQueue,
} from '../../client/index.js';
import { semanticEqual } from '../../machinery/deep-equal.js';
import { StatusError } from '../../machinery/status.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { ScaleTargets } from '../scale-targets/scale-targets.js';
import { fullBehavior } from './behavior.js';
import { History } from './history.js';
import { MetricsClient } from './metrics-client.js';
import { type Decision, type DecisionRules, decide } from './plan.js';
import { readMetrics } from './read-metrics.js';
import { Selectors } from './selectors.js';
import { StatusDraft } from './status.js';

/** What kube-controller-manager calls it. */
export const horizontalPodAutoscalerName = 'horizontal-pod-autoscaler-controller';

/** How autoscalers are looked after. */
export interface AutoscalerOptions extends DecisionRules {
  readonly workers: number;
  /** Each is looked at so often. */
  readonly syncMs: number;
}

/** Brings the number of replicas of targets to what metrics ask for. */
export class HorizontalPodAutoscalerController implements Controller {
  readonly name = horizontalPodAutoscalerName;
  readonly #parts: ControllerParts;
  readonly #options: AutoscalerOptions;
  readonly #queue: WorkQueue;
  readonly #autoscalers: Informer<HorizontalPodAutoscaler>;
  readonly #pods: Informer<Pod>;
  readonly #targets: ScaleTargets;
  readonly #metrics: MetricsClient;
  readonly #selectors = new Selectors();
  /** By the key of the autoscaler. */
  readonly #histories = new Map<string, History>();

  constructor(parts: ControllerParts, options: AutoscalerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#queue = new WorkQueue(parts.clock);
    this.#targets = new ScaleTargets(parts);
    this.#metrics = new MetricsClient(parts.client, this.#targets);
    this.#autoscalers = parts.informers.of(resources.horizontalPodAutoscalers);
    this.#pods = parts.informers.of(resources.pods);
    this.#autoscalers.addHandler({
      onAdd: (autoscaler) => this.#queue.add(objectKey(autoscaler)),
      onUpdate: (before, autoscaler) => {
        if (!semanticEqual(before.spec, autoscaler.spec)) this.#queue.add(objectKey(autoscaler));
      },
      onDelete: (autoscaler) => this.#queue.add(objectKey(autoscaler)),
    });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'horizontalpodautoscaler', queue: this.#queue, signal },
      ...{ informers: [this.#autoscalers, this.#pods], workers: this.#options.workers },
      reconcile: (key) => this.#look(key, signal),
    });
  }

  /** One look; the next comes after the period, whatever came of it. */
  async #look(key: string, signal: AbortSignal): Promise<void> {
    const autoscaler = this.#autoscalers.lister.byKey(key);
    if (autoscaler === undefined) {
      this.#histories.delete(key);
      this.#selectors.delete(key);
      return;
    }
    try {
      await this.#reconcile(key, autoscaler, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError) && !(error instanceof UnreachableError)) throw error;
      this.#parts.logger.warn('cannot scale; trying again', { key, error: error.message });
    }
    this.#queue.addAfter(key, this.#options.syncMs);
  }

  async #reconcile(
    key: string,
    autoscaler: HorizontalPodAutoscaler,
    signal: AbortSignal,
  ): Promise<void> {
    const nowMs = this.#parts.clock.wallTime();
    const draft = new StatusDraft(autoscaler, nowMs);
    const target = await this.#target(autoscaler, draft, signal);
    if (target !== null) {
      const history = this.#histories.get(key) ?? new History();
      this.#histories.set(key, history);
      const decision = await this.#decide(key, autoscaler, target.scale, {
        draft,
        history,
        nowMs,
        signal,
      });
      if (decision !== null) {
        await this.#enact(autoscaler, target, decision, { draft, history, nowMs, signal });
      }
    }
    const { status } = draft;
    if (semanticEqual(autoscaler.status ?? {}, status)) return;
    await this.#parts.client
      .objects(resources.horizontalPodAutoscalers)
      .updateStatus({ ...autoscaler, status }, { signal })
      .catch(ignoreNotFound);
  }

  /** What is scaled; null when that cannot be found out, which is told. */
  async #target(
    autoscaler: HorizontalPodAutoscaler,
    draft: StatusDraft,
    signal: AbortSignal,
  ): Promise<Target | null> {
    const reference = autoscaler.spec?.scaleTargetRef ?? {};
    const { namespace = '' } = autoscaler.metadata;
    const { kind = '', name = '' } = reference;
    let problem: string;
    try {
      const resource = await this.#targets.resourceOf(reference, { signal });
      const at = { namespace, name };
      const scale = resource && (await this.#targets.get(resource, at, { signal }));
      if (resource !== null && scale !== null) {
        const message = "the HPA controller was able to get the target's current scale";
        draft.tell('AbleToScale', true, 'SucceededGetScale', message);
        return { resource, scale };
      }
      problem =
        resource === null
          ? `no matches for kind "${kind}" in group "${groupOf(reference.apiVersion)}"`
          : `${resource.resource}${resource.group === '' ? '' : `.${resource.group}`} "${name}" not found`;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      problem = error.message;
    }
    this.#parts.events.event(autoscaler, 'Warning', 'FailedGetScale', problem);
    const message = `the HPA controller was unable to get the target's current scale: ${problem}`;
    draft.tell('AbleToScale', false, 'FailedGetScale', message);
    return null;
  }

  /** Null when metrics say nothing; that is told. */
  async #decide(
    key: string,
    autoscaler: HorizontalPodAutoscaler,
    scale: Scale,
    { draft, history, nowMs, signal }: Look,
  ): Promise<Decision | null> {
    const { events } = this.#parts;
    const { namespace = '' } = autoscaler.metadata;
    const currentReplicas = scale.spec?.replicas ?? 0;
    history.begin(currentReplicas, nowMs);
    const pods = this.#pods.lister.byIndex(namespaceIndex, namespace);
    return decide(
      autoscaler,
      { currentReplicas, history, draft, nowMs, rules: this.#options },
      () =>
        readMetrics(autoscaler, scale, {
          ...{ pods, nowMs, draft, signal, rules: this.#options, metrics: this.#metrics },
          tell: (reason, message) => events.event(autoscaler, 'Warning', reason, message),
          rivals: (selector, selected) => this.#selectors.rivals(key, selector, selected),
        }),
    );
  }

  async #enact(
    autoscaler: HorizontalPodAutoscaler,
    { resource, scale }: Target,
    decision: Decision,
    { draft, history, nowMs, signal }: Look,
  ): Promise<void> {
    const { events } = this.#parts;
    const currentReplicas = scale.spec?.replicas ?? 0;
    const { replicas, reason, metrics } = decision;
    if (replicas === null) {
      draft.set({ currentReplicas, desiredReplicas: currentReplicas, metrics, isRescaled: false });
      return;
    }
    try {
      await this.#targets.update(resource, { ...scale, spec: { replicas } }, { signal });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const text = `New size: ${replicas}; reason: ${reason}; error: ${error.message}`;
      events.event(autoscaler, 'Warning', 'FailedRescale', text);
      const message = `the HPA controller was unable to update the target scale: ${error.message}`;
      draft.tell('AbleToScale', false, 'FailedUpdateScale', message);
      draft.keep(currentReplicas, metrics);
      return;
    }
    const message = `the HPA controller was able to update the target scale to ${replicas}`;
    draft.tell('AbleToScale', true, 'SucceededRescale', message);
    const text = `New size: ${replicas}; reason: ${reason}`;
    events.event(autoscaler, 'Normal', 'SuccessfulRescale', text);
    const { behavior } = autoscaler.spec ?? {};
    if (behavior !== undefined) {
      const full = fullBehavior(behavior, this.#options.downscaleStabilizationMs);
      history.change(currentReplicas, replicas, nowMs, full);
    }
    draft.set({ currentReplicas, desiredReplicas: replicas, metrics, isRescaled: true });
  }
}

interface Target {
  readonly resource: ApiResource<Scale>;
  readonly scale: Scale;
}

interface Look {
  readonly draft: StatusDraft;
  readonly history: History;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

function groupOf(apiVersion = ''): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}
