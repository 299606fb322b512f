import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { StatefulSet } from '../../../../src/control/api/gen/apps-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { planStatefulSet } from '../../../../src/control/controllers/stateful-set/plan.js';
import { statefulSetStatus } from '../../../../src/control/controllers/stateful-set/status.js';
import { nowMs, podSample } from '../pods/samples.js';
import { template } from '../pods/workload-env.js';

const seeds = Number(process.env.FLOTILLA_STATEFUL_SEEDS ?? 150);
const firstSeed = Number(process.env.FLOTILLA_STATEFUL_SEED ?? 1);
const replicas = 4;

function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** A StatefulSet whose controller sees its pods late: as they were at some time, each never older than it saw it before. */
class Model {
  readonly prng: Prng;
  readonly isOrdered: boolean;
  readonly maxUnavailable: number;
  /** What each pod was, by name; null: it was not there. */
  readonly history = new Map<string, (Pod | null)[]>();
  readonly seen = new Map<string, number>();
  update = 1;
  current = 'r1';
  uids = 0;
  readonly deleted = new Set<string>();
  /** All pods have been available since, as the controller sees it. */
  wasComplete = false;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.isOrdered = this.prng.chance(0.5);
    this.maxUnavailable = this.prng.int(1, 4);
  }

  get set(): StatefulSet {
    return {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'default', uid: 'db' },
      spec: {
        replicas,
        podManagementPolicy: this.isOrdered ? 'OrderedReady' : 'Parallel',
        updateStrategy: { rollingUpdate: { partition: 0, maxUnavailable: this.maxUnavailable } },
      },
    };
  }

  latest(name: string): Pod | null {
    return this.history.get(name)?.at(-1) ?? null;
  }

  write(name: string, pod: Pod | null): void {
    const states = this.history.get(name) ?? [null];
    states.push(pod);
    this.history.set(name, states);
  }

  get pods(): readonly Pod[] {
    return [...this.history.keys()].map((name) => this.latest(name)).filter((pod) => pod !== null);
  }

  get view(): readonly Pod[] {
    return [...this.history].flatMap(([name, states]) => states[this.seen.get(name) ?? 0] ?? []);
  }

  reconcile(): void {
    // Pods that it has deleted and that seem to be there still: it waits.
    if (this.view.some((pod) => this.deleted.has(pod.metadata.uid!) && !isGoing(pod))) return;
    const { set, update, current, view } = this;
    const revision = `r${update}`;
    const { phases } = planStatefulSet({
      ...{ set, pods: view, nowMs, claim: () => undefined },
      current: { revision: current, template: template('db', current) },
      update: { revision, template: template('db', revision) },
    });
    for (const action of phases.flat(2)) {
      if (action.kind !== 'create-pod' && action.kind !== 'delete-pod') continue;
      const name = action.pod.metadata.name!;
      const there = this.latest(name);
      if (action.kind === 'create-pod') {
        // The name is taken: the rest waits.
        if (there !== null) return;
        const labels = { ...action.pod.metadata.labels };
        const made = podSample(name, { labels, readyFor: null, phase: 'Pending' });
        this.write(name, { ...made, metadata: { ...made.metadata, uid: String(++this.uids) } });
        this.seen.set(name, this.history.get(name)!.length - 1);
      } else if (there?.metadata.uid === action.pod.metadata.uid && there !== null) {
        this.deleted.add(there.metadata.uid!);
        const deletionTimestamp = '2026-01-01T00:00:00Z';
        this.write(name, { ...there, metadata: { ...there.metadata, deletionTimestamp } });
      }
    }
    const status = statefulSetStatus({
      ...{ set, pods: view, nowMs, collisionCount: 0 },
      ...{ currentRevision: current, updateRevision: revision },
    });
    this.current = status.currentRevision ?? '';
    if (status.availableReplicas === replicas) this.wasComplete = true;
  }

  /** A pod starts, or one that was deleted ends. */
  live(pod: Pod): void {
    const name = pod.metadata.name!;
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.write(name, null);
      return;
    }
    if (pod.status?.phase !== 'Pending') return;
    const running = podSample(name, { labels: { ...pod.metadata.labels } });
    this.write(name, { ...running, metadata: pod.metadata });
  }

  step(): void {
    const { prng } = this;
    const choice = prng.int(0, 4);
    if (choice === 0) this.reconcile();
    else if (choice === 1 && this.pods.length > 0) this.live(prng.pick(this.pods));
    else if (choice === 2 && this.history.size > 0) this.see(prng.pick([...this.history.keys()]));
    else if (this.wasComplete && prng.chance(0.03)) this.update++;
  }

  see(name: string, isAll = false): void {
    const states = this.history.get(name)!;
    const seen = this.seen.get(name) ?? 0;
    this.seen.set(name, isAll ? states.length - 1 : this.prng.int(seen, states.length));
  }

  settle(): void {
    for (const pod of this.pods) this.live(pod);
    for (const name of this.history.keys()) this.see(name, true);
    this.reconcile();
  }

  problem(): string | null {
    const up = this.pods.filter(
      ({ metadata, status }) =>
        status?.phase === 'Running' && metadata.deletionTimestamp === undefined,
    );
    const down = replicas - up.length;
    if (this.wasComplete && down > this.maxUnavailable) {
      return `${down} are not available, ${this.maxUnavailable} may be`;
    }
    if (!this.isOrdered || this.wasComplete) return null;
    const waiting = this.pods.filter(({ status }) => status?.phase === 'Pending');
    return waiting.length > 1 ? 'two pods start at a time' : null;
  }

  get isDone(): boolean {
    return (
      this.pods.length === replicas &&
      this.pods.every(
        ({ metadata, status }) =>
          metadata.labels?.['controller-revision-hash'] === `r${this.update}` &&
          metadata.deletionTimestamp === undefined &&
          status?.phase === 'Running',
      )
    );
  }
}

t.test('planStatefulSet: late views keep the order and the bounds, and updates end', (t) => {
  const failures: string[] = [];
  let updates = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds && failures.length === 0; seed++) {
    const model = new Model(seed);
    const replay = `FLOTILLA_STATEFUL_SEED=${seed} FLOTILLA_STATEFUL_SEEDS=1`;
    for (let step = 0; step < 400 && failures.length === 0; step++) {
      model.step();
      const problem = model.problem();
      if (problem !== null) failures.push(`${replay}, step ${step}: ${problem}`);
    }
    for (let round = 0; round < 60 && !model.isDone; round++) model.settle();
    if (!model.isDone) failures.push(`${replay}: it does not end`);
    updates += model.update;
  }
  t.strictSame(failures, []);
  t.ok(updates > seeds, `${updates} templates`);
  t.end();
});
