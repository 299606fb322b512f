import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { Deployment, ReplicaSet } from '../../../../src/control/api/gen/apps-v1.js';
import { boundsOf } from '../../../../src/control/controllers/deployment/bounds.js';
import { planDeployment } from '../../../../src/control/controllers/deployment/plan.js';
import { totalAvailable } from '../../../../src/control/controllers/deployment/replica-sets.js';
import { template } from '../pods/workload-env.js';

const seeds = Number(process.env.FLOTILLA_ROLLOUT_SEEDS ?? 300);
const firstSeed = Number(process.env.FLOTILLA_ROLLOUT_SEED ?? 1);

interface ModelPod {
  isAvailable: boolean;
}

/** A ReplicaSet as the server has it, with all it was, and the pods that its controller has made. */
interface ModelSet {
  readonly versions: ReplicaSet[];
  /** Which of them the Deployment's controller sees. */
  seen: number;
  readonly pods: ModelPod[];
  /** A status that its controller has computed and not written yet, of a version. */
  pending: { readonly version: number; readonly status: NonNullable<ReplicaSet['status']> } | null;
}

/**
 * A cluster with one Deployment: its controller, which sees ReplicaSets late and writes only over what it has seen; the ReplicaSets'
 * controllers, which act late and tell of it later; and pods, which become available some time.
 */
class Model {
  readonly sets = new Map<string, ModelSet>();
  readonly prng: Prng;
  readonly deployment: Deployment;
  /**
   * As far as the Deployment's controller sees, enough pods are available. When it does not see that, it takes away pods that are not
   * available in its eyes, and may be wrong.
   */
  seesEnough = false;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    const { prng } = this;
    const share = () => (prng.chance(0.5) ? `${prng.int(0, 101)}%` : prng.int(0, 4));
    const isRolling = prng.chance(0.8);
    this.deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', uid: 'u', generation: 1 },
      spec: {
        replicas: prng.int(1, 12),
        selector: { matchLabels: { app: 'web' } },
        template: template('web', 'web:0'),
        strategy: isRolling
          ? { type: 'RollingUpdate', rollingUpdate: { maxSurge: share(), maxUnavailable: share() } }
          : { type: 'Recreate' },
      },
    };
  }

  latest(set: ModelSet): ReplicaSet {
    return set.versions.at(-1)!;
  }

  write(set: ModelSet, object: ReplicaSet): void {
    set.versions.push({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(set.versions.length + 1) },
    });
  }

  /** A look of the Deployment's controller: it stops at the first write that is over something newer. */
  reconcile(): void {
    const replicaSets = [...this.sets.values()].map(({ versions, seen }) => versions[seen]!);
    const { replicas, unavailable } = boundsOf(this.deployment);
    this.seesEnough = totalAvailable(replicaSets) >= replicas - unavailable;
    const plan = planDeployment({
      deployment: this.deployment,
      replicaSets,
      hasRunningPods: ({ metadata }) => (this.sets.get(metadata.name!)?.pods.length ?? 0) > 0,
      nowMs: 0,
    });
    for (const { before, after } of plan.changes) {
      const name = after.metadata.name!;
      const set = this.sets.get(name);
      if (before === null || set === undefined) {
        if (set !== undefined) return;
        const made: ModelSet = { versions: [], seen: 0, pods: [], pending: null };
        this.write(made, { ...after, metadata: { ...after.metadata, uid: name, generation: 1 } });
        this.sets.set(name, made);
        continue;
      }
      if (before !== this.latest(set)) return;
      const generation = (before.metadata.generation ?? 0) + 1;
      this.write(set, { ...after, metadata: { ...after.metadata, generation } });
      // It remembers what it has written.
      set.seen = set.versions.length - 1;
    }
    this.deployment.status = plan.status;
  }

  /** A ReplicaSet's controller makes or deletes pods, those that are not available first. */
  manage(set: ModelSet): void {
    const wanted = this.latest(set).spec?.replicas ?? 0;
    while (set.pods.length < wanted) set.pods.push({ isAvailable: false });
    while (set.pods.length > wanted) {
      const idle = set.pods.findIndex((pod) => !pod.isAvailable);
      set.pods.splice(idle < 0 ? 0 : idle, 1);
    }
  }

  compute(set: ModelSet): void {
    const { metadata } = this.latest(set);
    const available = set.pods.filter(({ isAvailable }) => isAvailable).length;
    set.pending = {
      version: set.versions.length,
      status: {
        observedGeneration: metadata.generation ?? 0,
        replicas: set.pods.length,
        readyReplicas: available,
        availableReplicas: available,
      },
    };
  }

  report(set: ModelSet): void {
    const { pending } = set;
    set.pending = null;
    // Somebody else has written meanwhile: it computes anew.
    if (pending === null || pending.version !== set.versions.length) return;
    this.write(set, { ...this.latest(set), status: pending.status });
  }

  see(set: ModelSet): void {
    set.seen = this.prng.int(set.seen, set.versions.length);
  }

  step(): void {
    const { prng } = this;
    const sets = [...this.sets.values()];
    if (sets.length === 0 || prng.chance(0.25)) {
      this.reconcile();
      return;
    }
    const set = prng.pick(sets);
    const choice = prng.int(0, 6);
    if (choice === 0) this.manage(set);
    else if (choice === 1) this.compute(set);
    else if (choice === 2) this.report(set);
    else if (choice === 3) this.see(set);
    else if (choice === 4 && set.pods.length > 0) prng.pick(set.pods).isAvailable = true;
    else if (prng.chance(0.05)) this.change();
  }

  change(): void {
    const { metadata, spec } = this.deployment;
    metadata.generation = (metadata.generation ?? 0) + 1;
    spec!.template = template('web', `web:${this.prng.int(0, 4)}`);
  }

  /** Everybody does what there is to do, and sees everything. */
  settle(): void {
    for (const set of this.sets.values()) {
      this.manage(set);
      for (const pod of set.pods) pod.isAvailable = true;
      this.compute(set);
      this.report(set);
      set.seen = set.versions.length - 1;
    }
    this.reconcile();
  }

  /** What is wrong now; null when nothing is. */
  problem(): string | null {
    const { replicas, surge, unavailable, isRolling } = boundsOf(this.deployment);
    const owners = [...this.sets.values()].filter(({ pods }) => pods.length > 0);
    const pods = owners.flatMap((set) => set.pods);
    const available = pods.filter(({ isAvailable }) => isAvailable).length;
    if (pods.length > replicas + surge)
      return `${pods.length} pods, ${replicas} + ${surge} allowed`;
    if (!isRolling) return owners.length > 1 ? 'pods of two templates' : null;
    if (!this.seesEnough || available >= replicas - unavailable) return null;
    return `${available} available, ${replicas} - ${unavailable} wanted`;
  }

  get isDone(): boolean {
    const { replicas } = boundsOf(this.deployment);
    const image = this.deployment.spec?.template?.spec?.containers?.[0]?.image;
    return [...this.sets.values()].every((set) => {
      const isCurrent = this.latest(set).spec?.template?.spec?.containers?.[0]?.image === image;
      return set.pods.length === (isCurrent ? replicas : 0);
    });
  }
}

t.test(
  'planDeployment: views that are late never lead beyond the bounds, and rollouts end',
  (t) => {
    let changes = 0;
    const failure = (text: string) => {
      t.fail(text);
      t.end();
    };
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const model = new Model(seed);
      const replay = `FLOTILLA_ROLLOUT_SEED=${seed} FLOTILLA_ROLLOUT_SEEDS=1`;
      for (let step = 0; step < 400; step++) {
        model.step();
        const problem = model.problem();
        if (problem !== null) return failure(`${replay}, step ${step}: ${problem}`);
      }
      let rounds = 0;
      for (; !model.isDone && rounds < 100; rounds++) {
        model.settle();
        const problem = model.problem();
        if (problem !== null) return failure(`${replay}, the end: ${problem}`);
      }
      if (!model.isDone) return failure(`${replay}: the rollout does not end`);
      changes += model.sets.size;
    }
    t.ok(changes > seeds * 1.5, `${changes} ReplicaSets were made`);
    t.end();
  },
);
