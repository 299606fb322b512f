import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { isFinished } from '../../../../src/control/api/batch-v1/job-conditions.js';
import type { Job, JobSpec } from '../../../../src/control/api/gen/batch-v1.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import { type FailureRun, noFailures } from '../../../../src/control/controllers/job/backoff.js';
import { carryOut, type JobWriter } from '../../../../src/control/controllers/job/carry-out.js';
import { jobPod } from '../../../../src/control/controllers/job/new-pod.js';
import { planJob } from '../../../../src/control/controllers/job/plan.js';
import {
  completionIndexOf,
  isTracked,
  trackingFinalizer,
} from '../../../../src/control/controllers/job/pod-marks.js';
import { writtenStatus } from '../../../../src/control/controllers/job/status.js';
import { cloneJson } from '../../../../src/control/machinery/clone.js';
import { formatTime } from '../../../../src/control/machinery/time.js';
import { jobOf, nowMs } from './job-fixtures.js';

class Crash extends Error {}

/** A server with one job, its pods, a kubelet, and a controller that stops between any two writes. */
class World {
  job: Job;
  readonly pods = new Map<string, Pod>();
  /** What the kubelet saw of pods that the controller did not dismiss. */
  readonly succeeded = new Set<string>();
  readonly failed = new Set<string>();
  readonly succeededIndexes = new Set<number>();
  crashes = 0;
  #nowMs = nowMs;
  #made = 0;
  #run: FailureRun = noFailures;
  #writesLeft = 0;
  readonly #prng: Prng;

  constructor(prng: Prng, spec: JobSpec) {
    this.#prng = prng;
    this.job = jobOf(spec);
  }

  /** One look of the controller, which may stop after any of its writes and then starts without memory. */
  async sync(maybeCrashes: boolean): Promise<void> {
    if (isFinished(this.job)) return;
    this.#nowMs += 60_000;
    this.#writesLeft = maybeCrashes && this.#prng.chance(0.5) ? this.#prng.int(0, 8) : 1e9;
    const plan = planJob({
      job: cloneJson(this.job),
      pods: [...this.pods.values()].map(cloneJson),
      ...{ untracked: new Set(), isSettled: true, run: this.#run, nowMs: this.#nowMs },
    });
    try {
      await carryOut(plan, this.#writer());
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crashes++;
      this.#run = noFailures;
    }
  }

  /** Something happens to a pod. */
  live(): void {
    const running = [...this.pods.values()].filter(
      ({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    );
    if (running.length === 0) return;
    const pod = this.#prng.pick(running);
    const isDeleted = pod.metadata.deletionTimestamp !== undefined;
    const roll = this.#prng.float();
    if (!isDeleted && roll < 0.1) {
      pod.metadata.deletionTimestamp = formatTime(this.#nowMs);
      return;
    }
    const phase = roll < 0.6 ? 'Succeeded' : 'Failed';
    pod.status = { ...pod.status, phase };
    this.#reap(pod);
  }

  /** Tells apart what the job may count: pods whose finalizer was on when they ended. */
  noteEnds(): void {
    for (const [uid, pod] of this.pods) {
      if (!isTracked(pod)) continue;
      const isDeleted = pod.metadata.deletionTimestamp !== undefined;
      const index = completionIndexOf(pod);
      if (pod.status?.phase === 'Succeeded') {
        // A pod that was counted as failed when it was deleted stays so.
        if (!this.failed.has(uid)) this.succeeded.add(uid);
        if (index !== undefined) this.succeededIndexes.add(index);
      } else if (pod.status?.phase === 'Failed') this.failed.add(uid);
      else if (isDeleted && this.job.status?.uncountedTerminatedPods?.failed?.includes(uid)) {
        this.failed.add(uid);
      }
    }
  }

  #reap(pod: Pod): void {
    const isRunning = pod.status?.phase === 'Running';
    const isKept = (pod.metadata.finalizers ?? []).length > 0;
    if (pod.metadata.deletionTimestamp !== undefined && !isKept && !isRunning) {
      this.pods.delete(pod.metadata.uid ?? '');
    }
  }

  #write(): void {
    if (this.#writesLeft-- <= 0) throw new Crash();
  }

  #writer(): JobWriter {
    return {
      act: async (job, action) => {
        const deleted = new Set<string>();
        let created = 0;
        if (action.kind === 'create') {
          for (const wanted of action.pods) {
            this.#write();
            const uid = `p${this.#made++}`;
            const pod = jobPod(job, wanted);
            pod.metadata = { ...pod.metadata, uid, name: uid };
            pod.status = { phase: 'Running' };
            this.pods.set(uid, pod);
            created++;
          }
        }
        for (const { metadata } of 'pods' in action && action.kind !== 'create'
          ? action.pods
          : []) {
          const pod = this.pods.get((metadata as Pod['metadata']).uid ?? '') as Pod;
          if (action.kind === 'remove') this.#untrack(pod);
          this.#write();
          pod.metadata.deletionTimestamp = formatTime(this.#nowMs);
          this.#reap(pod);
          deleted.add(pod.metadata.name ?? '');
        }
        return { created, deleted, error: null };
      },
      updateStatus: async (job, status) => {
        this.#write();
        this.job = cloneJson({ ...job, status: writtenStatus(status) });
        this.noteEnds();
        return cloneJson(this.job);
      },
      untrack: async (_, pods) => {
        const untracked = new Set<string>();
        for (const { metadata } of pods) {
          const pod = this.pods.get(metadata.uid ?? '');
          if (pod !== undefined) this.#untrack(pod);
          untracked.add(metadata.uid ?? '');
        }
        return { untracked, error: null };
      },
      keepRun: (_, run) => {
        this.#run = run;
      },
      tell: () => {},
    };
  }

  #untrack(pod: Pod): void {
    this.#write();
    pod.metadata.finalizers = (pod.metadata.finalizers ?? []).filter(
      (name) => name !== trackingFinalizer,
    );
    this.#reap(pod);
  }
}

const specs: readonly (readonly [string, JobSpec])[] = [
  ['completions', { completions: 12, parallelism: 4, backoffLimit: 1000 }],
  ['indexes', { completions: 12, parallelism: 4, completionMode: 'Indexed', backoffLimit: 1000 }],
  [
    'a limit for each index',
    {
      ...{ completions: 12, parallelism: 5, completionMode: 'Indexed' },
      ...{ backoffLimit: 1000, backoffLimitPerIndex: 2 },
    },
  ],
  ['few failures', { completions: 30, parallelism: 6, backoffLimit: 3 }],
  [
    'only failed pods replaced',
    { completions: 12, parallelism: 4, backoffLimit: 1000, podReplacementPolicy: 'Failed' },
  ],
];

const seedFirst = Number(process.env.SEED ?? 1);
const seeds = Number(process.env.SEEDS ?? 60);

for (const [name, spec] of specs) {
  t.test(`carryOut counts every pod once, whenever it stops: ${name}`, async (t) => {
    let crashes = 0;
    for (let seed = seedFirst; seed < seedFirst + seeds; seed++) {
      const replay = `replay: SEED=${seed} SEEDS=1`;
      const prng = new Prng(seed);
      const world = new World(prng, spec);
      for (let step = 0; step < 2000 && !isFinished(world.job); step++) {
        if (prng.chance(0.6)) world.live();
        else await world.sync(step < 400);
        world.noteEnds();
        const { status = {} } = world.job;
        const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
        const bound = spec.completions ?? 0;
        if ((status.succeeded ?? 0) + succeeded.length > bound) t.fail(`too many, ${replay}`);
        if ((status.failed ?? 0) + failed.length > world.failed.size) {
          t.fail(`failures counted twice, ${replay}`);
        }
      }
      crashes += world.crashes;
      const { status = {} } = world.job;
      if (!isFinished(world.job)) t.fail(`not finished: ${JSON.stringify(status)}, ${replay}`);
      const expected =
        spec.completionMode === 'Indexed' ? world.succeededIndexes.size : world.succeeded.size;
      if ((status.succeeded ?? 0) !== expected) {
        t.equal(status.succeeded ?? 0, expected, `succeeded, ${replay}`);
      }
      if ((status.failed ?? 0) !== world.failed.size) {
        t.equal(status.failed ?? 0, world.failed.size, `failed, ${replay}`);
      }
      const left = [...world.pods.values()].filter(isTracked);
      if (left.length > 0) t.fail(`${left.length} pods keep their finalizer, ${replay}`);
    }
    t.ok(crashes > seeds, `${crashes} crashes`);
  });
}
