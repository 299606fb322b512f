import t from 'tap';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import type { Job } from '../../../../src/control/api/gen/batch-v1.js';
import { resources } from '../../../../src/control/client/index.js';
import { ttlAfterFinishedDefinition } from '../../../../src/control/controllers/ttl-after-finished/definition.js';
import { expiryMs } from '../../../../src/control/controllers/ttl-after-finished/plan.js';
import { formatTime } from '../../../../src/control/machinery/time.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, startControllers } from '../batch-env.js';

const endedMs = Date.parse('2026-01-01T00:00:00Z');

function job(ttl: number | undefined, end: string | null, isDeleted = false): Job {
  return {
    metadata: { name: 'j', ...(isDeleted && { deletionTimestamp: formatTime(endedMs) }) },
    spec: ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl },
    status: {
      conditions:
        end === null
          ? []
          : [{ type: end, status: 'True', lastTransitionTime: formatTime(endedMs) }],
    },
  };
}

t.test('expiryMs: finished jobs that say so', async (t) => {
  t.equal(expiryMs(job(30, 'Complete')), endedMs + 30_000);
  t.equal(expiryMs(job(0, 'Failed')), endedMs);
  t.equal(expiryMs(job(30, 'SuccessCriteriaMet')), null);
  t.equal(expiryMs(job(30, null)), null);
  t.equal(expiryMs(job(undefined, 'Complete')), null);
  t.equal(expiryMs(job(30, 'Complete', true)), null);
});

t.test(
  'TtlAfterFinishedController deletes jobs when their time has come, not before',
  async (t) => {
    const env = await startTestEnv();
    t.teardown(() => env.close());
    const { client } = env;
    const controllers = startControllers(client, [ttlAfterFinishedDefinition]);
    t.teardown(() => controllers.stop());
    const jobs = client.objects(resources.jobs);
    const now = formatTime(hostClock.wallTime());
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
      ...{ type, status: 'True', lastTransitionTime: now, lastProbeTime: now },
    }));
    for (const [name, ttlSecondsAfterFinished] of [
      ['soon', 0],
      ['later', 3600],
    ] as const) {
      const made = await jobs.create({
        metadata: { name, namespace: 'default' },
        spec: {
          ttlSecondsAfterFinished,
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
        },
      });
      const status = { conditions, startTime: now, completionTime: now, succeeded: 1 };
      await jobs.updateStatus({ ...made, status });
    }
    const names = async () =>
      (await jobs.list({ namespace: 'default' })).items.map(({ metadata }) => metadata.name);
    const left = await eventually(t, 'a deletion', names, (all) => !all.includes('soon'));
    t.same(left, ['later']);
  },
);
