import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { startTestEnv } from '../../../../src/cmd/testenv/index.js';
import { isFinished } from '../../../../src/control/api/batch-v1/job-conditions.js';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  ControlClient,
  RestTransport,
  readKubeconfig,
  resources,
  type Transport,
  UnreachableError,
} from '../../../../src/control/client/index.js';
import { jobDefinition } from '../../../../src/control/controllers/job/definition.js';
import { hostClock } from '../../../../src/host/clock.js';
import { eventually, setPhase, startControllers, untilPodsCanBeMade } from '../batch-env.js';

/** The way to the server, which breaks for good at a write: the write is done or not, and nobody hears of it. */
class BreakingTransport implements Transport {
  readonly #inner: Transport;
  readonly #prng: Prng;
  #writesLeft: number;
  isBroken = false;

  constructor(inner: Transport, prng: Prng, writes: number) {
    this.#inner = inner;
    this.#prng = prng;
    this.#writesLeft = writes;
  }

  async call(...args: Parameters<Transport['call']>): ReturnType<Transport['call']> {
    const [{ verb, resource }] = args;
    const isWrite = verb !== 'get' && verb !== 'list' && resource.resource !== 'events';
    if (!this.isBroken && isWrite && this.#writesLeft-- <= 0) {
      this.isBroken = true;
      if (this.#prng.chance(0.5)) await this.#inner.call(...args);
    }
    if (this.isBroken) throw new UnreachableError('the way is broken');
    return this.#inner.call(...args);
  }

  watch(...args: Parameters<Transport['watch']>): ReturnType<Transport['watch']> {
    return this.#inner.watch(...args);
  }

  document(...args: Parameters<Transport['document']>): ReturnType<Transport['document']> {
    return this.#inner.document(...args);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

t.test('JobController counts every pod once, although it is killed at any write', async (t) => {
  const seed = Number(process.env.SEED ?? 11);
  const prng = new Prng(seed);
  const env = await startTestEnv();
  t.teardown(() => env.close());
  const { client } = env;
  await untilPodsCanBeMade(t, client);
  const access = await readKubeconfig(env.kubeconfig);
  const namespace = 'default';
  const names = ['plain', 'indexed'];
  const jobs = client.objects(resources.jobs);
  for (const name of names) {
    await jobs.create({
      metadata: { name, namespace },
      spec: {
        ...{ completions: 5, parallelism: 3, backoffLimit: 1000 },
        completionMode: name === 'indexed' ? 'Indexed' : 'NonIndexed',
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
      },
    });
  }
  const pods = async () => (await client.objects(resources.pods).list({ namespace })).items;
  const isRunning = ({ status }: Pod) => status?.phase === 'Pending';
  const allFinished = async () => (await jobs.list({ namespace })).items.every(isFinished);
  let crashes = 0;
  for (let round = 0; round < 8 && !(await allFinished()); round++) {
    const inner = new RestTransport({ access, clock: hostClock, userAgent: 'test' });
    const way = new BreakingTransport(inner, prng, prng.int(0, 6));
    const doomed = new ControlClient(way, { clock: hostClock });
    // Each round is long after the one before: nobody waits for a back-off.
    const controllers = startControllers(doomed, [jobDefinition], new Map(), round * 3_600_000);
    let stepsLeft = Number.POSITIVE_INFINITY;
    for (; stepsLeft > 0 && !way.isBroken && !(await allFinished()); stepsLeft--) {
      const running = (await pods()).filter(isRunning);
      if (running.length > 0) {
        const hasFailed = prng.chance(0.2);
        await setPhase(client, prng.pick(running), hasFailed ? 'Failed' : 'Succeeded');
        // The job waits for its back-off now.
        if (hasFailed) stepsLeft = Math.min(stepsLeft, 12);
      }
      await new Promise((resolve) => hostClock.setTimer(20, () => resolve(null)));
    }
    if (way.isBroken) crashes++;
    await controllers.stop();
    await doomed.close();
  }
  const controllers = startControllers(client, [jobDefinition], new Map(), 1000 * 3_600_000);
  t.teardown(() => controllers.stop());
  await eventually(
    t,
    `the end, SEED=${seed}`,
    async () => {
      for (const pod of (await pods()).filter(isRunning)) await setPhase(client, pod, 'Succeeded');
      return allFinished();
    },
    (isOver) => isOver,
  );
  const all = await pods();
  for (const job of (await jobs.list({ namespace })).items) {
    const name = job.metadata.name ?? '';
    const own = all.filter(({ metadata }) => metadata.labels?.['job-name'] === name);
    const ended = (phase: string) => own.filter(({ status }) => status?.phase === phase);
    const told = `${name}, SEED=${seed}`;
    t.equal(job.status?.succeeded, 5, told);
    t.equal(job.status?.failed ?? 0, ended('Failed').length, `failures of ${told}`);
    if (name === 'plain') t.equal(ended('Succeeded').length, 5, `successes of ${told}`);
    else t.equal(job.status?.completedIndexes, '0-4');
    t.ok(
      own.every(({ metadata }) => (metadata.finalizers ?? []).length === 0),
      told,
    );
  }
  t.ok(crashes > 2, `${crashes} crashes`);
});
