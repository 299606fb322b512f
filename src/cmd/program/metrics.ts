import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../../base/clock.js';
import type { RequestObserver, WorkQueueObserver } from '../../control/client/index.js';
import { collectProcessMetrics } from '../../host/process-metrics.js';

/** client-go's: 10 ns to 1000 s, and 5 ms to a minute. */
const queueSeconds = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];
const requestSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** What a program of the control plane counts, under the names of Kubernetes' components. */
export class ProgramMetrics {
  readonly registry = new Registry();
  readonly #clock: Clock;
  readonly #depth: Gauge<'name'>;
  readonly #adds: Counter<'name'>;
  readonly #retries: Counter<'name'>;
  readonly #waited: Histogram<'name'>;
  readonly #worked: Histogram<'name'>;
  readonly #isLeader: Gauge<'name'>;
  readonly #requests: Counter<'code' | 'method' | 'host'>;
  readonly #requestSeconds: Histogram<'verb' | 'host'>;
  /** When the keys that are worked on were taken, by queue. */
  readonly #taken = new Map<string, (() => Iterable<number>)[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    const registers = [this.registry];
    const name = ['name'] as const;
    collectProcessMetrics(this.registry);
    this.#depth = new Gauge({
      ...{ name: 'workqueue_depth', help: 'Keys that wait in a queue.' },
      ...{ labelNames: name, registers },
    });
    this.#adds = new Counter({
      ...{ name: 'workqueue_adds_total', help: 'Keys that were put into a queue.' },
      ...{ labelNames: name, registers },
    });
    this.#retries = new Counter({
      ...{ name: 'workqueue_retries_total', help: 'Keys that are to be tried again.' },
      ...{ labelNames: name, registers },
    });
    this.#waited = new Histogram({
      ...{ name: 'workqueue_queue_duration_seconds', help: 'How long keys wait in a queue.' },
      ...{ labelNames: name, buckets: queueSeconds, registers },
    });
    this.#worked = new Histogram({
      ...{ name: 'workqueue_work_duration_seconds', help: 'How long keys are worked on.' },
      ...{ labelNames: name, buckets: queueSeconds, registers },
    });
    this.#isLeader = new Gauge({
      name: 'leader_election_master_status',
      help: 'Whether this process leads: 1 it does, 0 it stands by.',
      ...{ labelNames: name, registers },
    });
    this.#requests = new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server by code, method and host.',
      ...{ labelNames: ['code', 'method', 'host'], registers },
    });
    this.#requestSeconds = new Histogram({
      name: 'rest_client_request_duration_seconds',
      help: 'How long requests to the API server take, by verb and host. Watches are not in it.',
      ...{ labelNames: ['verb', 'host'], buckets: requestSeconds, registers },
    });
    this.#addUnderWay(registers);
  }

  /** Counts for the queue of a name; several of one name are counted together. */
  observeQueue(name: string): WorkQueueObserver {
    const depth = this.#depth.labels(name);
    const adds = this.#adds.labels(name);
    const retries = this.#retries.labels(name);
    const waited = this.#waited.labels(name);
    const worked = this.#worked.labels(name);
    depth.set(0);
    return {
      onAdded: (waiting) => {
        adds.inc();
        depth.set(waiting);
      },
      onTaken: (waitedMs, waiting) => {
        waited.observe(waitedMs / 1000);
        depth.set(waiting);
      },
      onDone: (workedMs) => worked.observe(workedMs / 1000),
      onRetry: () => retries.inc(),
      follow: (takenAtMs) => {
        this.#taken.set(name, [...(this.#taken.get(name) ?? []), takenAtMs]);
      },
    };
  }

  /** Counts requests to a server: `host` is its host and port. */
  observeRequests(host: string): RequestObserver {
    return ({ verb, code, tookMs }) => {
      this.#requests.labels(code, verb, host).inc();
      if (tookMs > 0) this.#requestSeconds.labels(verb, host).observe(tookMs / 1000);
    };
  }

  /** `name` is the election's. */
  setLeading(name: string, isLeading: boolean): void {
    this.#isLeader.labels(name).set(isLeading ? 1 : 0);
  }

  /** The ages of what is worked on are looked up when somebody asks. */
  #addUnderWay(registers: Registry[]): void {
    const gauge = (name: string, help: string, sum: (ages: readonly number[]) => number) => {
      const measure = () => this.#underWay();
      new Gauge({
        ...{ name, help, labelNames: ['name'], registers },
        collect() {
          for (const [queue, ages] of measure()) this.set({ name: queue }, sum(ages));
        },
      });
    };
    gauge(
      'workqueue_unfinished_work_seconds',
      'For how long what is worked on has been worked on, together.',
      (ages) => ages.reduce((all, age) => all + age, 0),
    );
    gauge(
      'workqueue_longest_running_processor_seconds',
      'For how long what is worked on longest has been worked on.',
      (ages) => ages.reduce((longest, age) => Math.max(longest, age), 0),
    );
  }

  *#underWay(): Generator<readonly [string, readonly number[]]> {
    const nowMs = this.#clock.now();
    for (const [name, sources] of this.#taken) {
      const ages = sources.flatMap((source) => [...source()].map((at) => (nowMs - at) / 1000));
      yield [name, ages];
    }
  }
}
