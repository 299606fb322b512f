import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Scheduler, SchedulerObserver } from '../../control/scheduler/index.js';

/** Kubernetes': 1 ms doubling 15 times; 10 ms doubling 20 times; 1 to 16 attempts. */
const attemptSeconds = doubled(0.001, 15);
const sliSeconds = doubled(0.01, 20);
const attemptCounts = doubled(1, 5);

const queueNames = ['active', 'backoff', 'unschedulable', 'gated'] as const;

/** What a scheduler counts, under the names of kube-scheduler. Registers with the registry. */
export class SchedulerMetrics implements SchedulerObserver {
  readonly #attempts: Counter<'result' | 'profile'>;
  readonly #attemptSeconds: Histogram<'result' | 'profile'>;
  readonly #algorithmSeconds: Histogram<string>;
  readonly #podAttempts: Histogram<string>;
  readonly #sliSeconds: Histogram<'attempts'>;
  readonly #incoming: Counter<'queue' | 'event'>;
  #scheduler: Scheduler | null = null;

  constructor(registry: Registry) {
    const registers = [registry];
    const byResult = ['result', 'profile'] as const;
    this.#attempts = new Counter({
      name: 'scheduler_schedule_attempts_total',
      help: "Attempts to place a pod by how they ended: 'unschedulable' fits nowhere, 'error' is a failure inside.",
      ...{ labelNames: byResult, registers },
    });
    this.#attemptSeconds = new Histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'How long an attempt takes, without the binding.',
      ...{ labelNames: byResult, buckets: attemptSeconds, registers },
    });
    this.#algorithmSeconds = new Histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'How long the search for a node takes.',
      ...{ buckets: attemptSeconds, registers },
    });
    this.#podAttempts = new Histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Attempts until a pod was bound.',
      ...{ buckets: attemptCounts, registers },
    });
    this.#sliSeconds = new Histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'From the first attempt for a pod until it was bound, by the number of attempts.',
      ...{ labelNames: ['attempts'], buckets: sliSeconds, registers },
    });
    this.#incoming = new Counter({
      name: 'scheduler_queue_incoming_pods_total',
      help: 'Pods that came into a queue, by queue and reason.',
      ...{ labelNames: ['queue', 'event'], registers },
    });
    this.#addGauges(registers);
  }

  /** The scheduler whose sizes are looked up when somebody asks; null when there is none. */
  follow(scheduler: Scheduler | null): void {
    this.#scheduler = scheduler;
  }

  onAttempt: SchedulerObserver['onAttempt'] = (result, profile, { totalMs, algorithmMs }) => {
    this.#attempts.labels(result, profile).inc();
    this.#attemptSeconds.labels(result, profile).observe(totalMs / 1000);
    this.#algorithmSeconds.observe(algorithmMs / 1000);
  };

  onBound: SchedulerObserver['onBound'] = (attempts, sinceFirstAttemptMs) => {
    this.#podAttempts.observe(attempts);
    this.#sliSeconds.labels(String(Math.min(attempts, 16))).observe(sinceFirstAttemptMs / 1000);
  };

  onIncoming: SchedulerObserver['onIncoming'] = (queue, event) => {
    this.#incoming.labels(queue, event).inc();
  };

  #addGauges(registers: Registry[]): void {
    const scheduler = () => this.#scheduler;
    new Gauge({
      name: 'scheduler_pending_pods',
      help: 'Pods that wait, by queue.',
      ...{ labelNames: ['queue'], registers },
      collect() {
        const sizes = scheduler()?.sizes;
        for (const queue of queueNames) this.set({ queue }, sizes?.[queue] ?? 0);
      },
    });
    new Gauge({
      name: 'scheduler_cache_size',
      help: 'Nodes, pods and assumed pods that the scheduler knows.',
      ...{ labelNames: ['type'], registers },
      collect() {
        const { nodes = 0, pods = 0, assumedPods = 0 } = scheduler()?.sizes ?? {};
        this.set({ type: 'nodes' }, nodes);
        this.set({ type: 'pods' }, pods);
        this.set({ type: 'assumed_pods' }, assumedPods);
      },
    });
    new Gauge({
      name: 'scheduler_unschedulable_pods',
      help: 'Pods that a plugin has refused or holds back.',
      ...{ labelNames: ['plugin'], registers },
      collect() {
        this.reset();
        for (const { plugin, count } of scheduler()?.refusedByPlugin ?? [])
          if (count > 0) this.set({ plugin }, count);
      },
    });
  }
}

function doubled(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => first * 2 ** at);
}
