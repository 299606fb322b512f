import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { silentLogger } from '../../../src/base/logger.js';
import { Prng } from '../../../src/base/prng.js';
import { kubeletFlags } from '../../../src/cmd/kubelet/flags.js';
import { kubeletSettings } from '../../../src/cmd/kubelet/settings.js';
import { parseFlags } from '../../../src/cmd/program/flags.js';
import { startTestEnv, type TestEnv } from '../../../src/cmd/testenv/start-test-env.js';
import type { Pod } from '../../../src/control/api/gen/core-v1.js';
import { createEventRecorder, resources } from '../../../src/control/client/index.js';
import { Kubelet } from '../../../src/control/kubelet/kubelet.js';
import { StatusError } from '../../../src/control/machinery/status.js';
import { hostClock } from '../../../src/host/clock.js';
import { hostMachine } from '../../../src/host/machine.js';
import { hostNodeFiles } from '../../../src/host/node-files.js';
import { MemoryRuntime } from './memory-runtime.js';

const deadlineMs = 60_000;
let env: TestEnv;
let dir = '';
// The environment is closed when the last of them has ended.
t.plan(4);
t.before(async () => {
  env = await startTestEnv();
  dir = await mkdtemp(join(tmpdir(), 'flotilla-kubelet-'));
  await env.client.objects(resources.serviceAccounts).create({
    metadata: { name: 'plain', namespace: 'default' },
    automountServiceAccountToken: false,
  });
});
t.after(async () => {
  await env?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A kubelet that runs until it is stopped. */
async function startKubelet(node: string, runtime: MemoryRuntime, seed = 1) {
  const flags = [
    ...[`--root-dir=${dir}/${node}`, `--pod-logs-dir=${dir}/${node}/logs`],
    ...[`--hostname-override=${node}`, '--runtime-relist-period=200ms'],
    ...['--eviction-hard=memory.available<1Mi', '--node-ip=127.0.0.1'],
  ];
  const settings = kubeletSettings(parseFlags('kubelet', kubeletFlags, flags), {
    ...{ hostname: node, document: {} },
  });
  const parts = {
    client: env.client,
    clock: hostClock,
    prng: new Prng(seed),
    logger: silentLogger,
  };
  const events = createEventRecorder({ ...parts, component: 'kubelet', host: node });
  const machine = hostMachine;
  const kubelet = await Kubelet.open(
    { ...parts, events, runtime, machine, files: hostNodeFiles },
    settings,
  );
  const stop = new AbortController();
  const running = kubelet.run(stop.signal);
  return {
    kubelet,
    async stop() {
      stop.abort();
      await running;
      await events.close();
    },
  };
}

function pod(name: string, node: string, spec: Partial<NonNullable<Pod['spec']>> = {}): Pod {
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      ...{ nodeName: node, serviceAccountName: 'plain', terminationGracePeriodSeconds: 1 },
      containers: [{ name: `${name}-app`, image: 'app:1' }],
      ...spec,
    },
  };
}

const pods = () => env.client.objects(resources.pods);
const get = (name: string) => pods().get({ namespace: 'default', name });

async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > endMs) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const phased = (name: string, phase: string) =>
  until(`${name} is ${phase}`, async () => {
    const found = await get(name);
    return found.status?.phase === phase ? found : null;
  });

t.test(
  'Kubelet: a pod runs, a restart of the kubelet does not touch it, and its deletion takes all away',
  async (t) => {
    const runtime = new MemoryRuntime(() => hostClock.wallTime());
    const first = await startKubelet('n1', runtime);
    await pods().create(pod('web', 'n1'));
    const running = await phased('web', 'Running');
    t.match(running.status, {
      podIP: /^10\.0\.0\./,
      hostIP: '127.0.0.1',
      containerStatuses: [{ restartCount: 0 }],
    });
    await first.stop();
    t.ok(runtime.running('web-app'), 'it goes on without a kubelet');

    const second = await startKubelet('n1', runtime, 2);
    await until(
      'the second kubelet knows it',
      () => second.kubelet.view.pods().find(({ status }) => status?.phase === 'Running') ?? null,
    );
    t.same(runtime.started, ['web-app']);
    await pods().delete({ namespace: 'default', name: 'web' });
    await until('it is gone', () =>
      get('web').then(
        () => null,
        (error: unknown) =>
          error instanceof StatusError && error.reason === 'NotFound' ? true : null,
      ),
    );
    await until('nothing is left of it', () =>
      runtime.containers.size + runtime.sandboxes.size === 0 ? true : null,
    );
    await second.stop();
    t.same(runtime.violations, []);
  },
);

t.test('Kubelet: restart policies, missing images and pods that do not fit', async (t) => {
  const runtime = new MemoryRuntime(() => hostClock.wallTime());
  runtime.missingImages.add('gone:1');
  const { stop } = await startKubelet('n2', runtime);
  await pods().create(pod('once', 'n2', { restartPolicy: 'Never' }));
  await pods().create(pod('again', 'n2'));
  await pods().create(pod('imageless', 'n2', { containers: [{ name: 'x', image: 'gone:1' }] }));
  const requests = { cpu: '100000' };
  await pods().create(
    pod('huge', 'n2', { containers: [{ name: 'x', image: 'app:1', resources: { requests } }] }),
  );
  await phased('once', 'Running');
  await phased('again', 'Running');
  const huge = await phased('huge', 'Failed');
  t.match(huge.status, {
    reason: 'OutOfcpu',
    message:
      /^Pod was rejected: Node didn't have enough resource: cpu, requested: 100000000, used: 0/,
  });
  t.equal(huge.status?.containerStatuses, undefined);

  runtime.end(runtime.running('once-app')!.id, 3);
  const once = await phased('once', 'Failed');
  t.match(once.status?.containerStatuses?.[0]?.state, {
    terminated: { exitCode: 3, reason: 'Error' },
  });
  runtime.end(runtime.running('again-app')!.id, 1);
  await until('it runs again', () => (runtime.running('again-app')?.attempt === 1 ? true : null));
  runtime.end(runtime.running('again-app')!.id, 1);
  const waiting = await until('it waits', async () => {
    const state = (await get('again')).status?.containerStatuses?.[0];
    return state?.state?.waiting?.reason === 'CrashLoopBackOff' ? state : null;
  });
  t.match(waiting, {
    restartCount: 1,
    state: {
      waiting: {
        message: /^back-off 10s restarting failed container=again-app pod=again_default\(/,
      },
    },
    lastState: { terminated: { exitCode: 1 } },
  });
  const reason = await until('the image is missed', async () => {
    const state = (await get('imageless')).status?.containerStatuses?.[0]?.state;
    return state?.waiting?.reason === 'ContainerCreating' ? null : (state?.waiting ?? null);
  });
  t.match(reason, { reason: /^(ErrImagePull|ImagePullBackOff)$/, message: /no such image gone:1/ });
  await stop();
  t.same(runtime.violations, []);
});

t.test(
  'Kubelet: a runtime that fails now and then, and kubelets that die, never make two of one',
  async (t) => {
    const seed = Number(process.env.FLOTILLA_SEED ?? Date.now() % 100_000);
    t.comment(`seed ${seed}`);
    const prng = new Prng(seed);
    const runtime = new MemoryRuntime(() => hostClock.wallTime());
    runtime.failsNow = () => prng.chance(0.1);
    const names = ['r0', 'r1', 'r2', 'r3'];
    for (const name of names) await pods().create(pod(name, 'n3'));
    for (let round = 0; round < 4; round++) {
      const kubelet = await startKubelet('n3', runtime, seed + round);
      await new Promise((resolve) => setTimeout(resolve, prng.int(100, 800)));
      await kubelet.stop();
    }
    runtime.failsNow = () => false;
    const last = await startKubelet('n3', runtime, seed);
    for (const name of names) await phased(name, 'Running');
    await until('each runs', () =>
      names.every((name) => runtime.running(`${name}-app`)) ? true : null,
    );
    await last.stop();
    t.same(runtime.violations, [], `seed ${seed}`);
  },
);

t.test('Kubelet: what a pod asks for changes while it runs', async (t) => {
  const runtime = new MemoryRuntime(() => hostClock.wallTime());
  const first = await startKubelet('n4', runtime);
  const amounts = (memory: string, cpu = '10m') => ({
    ...{ requests: { cpu, memory }, limits: { cpu, memory } },
  });
  const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
  const container = { name: 'sized', image: 'app:1', resizePolicy, resources: amounts('32Mi') };
  await pods().create(pod('sized', 'n4', { containers: [container] }));
  await phased('sized', 'Running');

  const resize = (memory: string, cpu?: string) => {
    const containers = [{ name: 'sized', resources: amounts(memory, cpu) }];
    const name = { namespace: 'default', name: 'sized' };
    return pods().patch(name, 'strategic', { spec: { containers } }, { subresource: 'resize' });
  };
  const shown = (what: string, memory: string, condition: string | null) =>
    until(what, async () => {
      const { status } = await get('sized');
      const own = status?.containerStatuses?.[0];
      const found = status?.conditions?.find(({ type = '' }) => type.startsWith('PodResize'));
      const isSo = own?.resources?.limits?.memory === memory && own.state?.running !== undefined;
      return isSo && (found?.reason ?? null) === condition ? own : null;
    });

  await resize('64Mi');
  const larger = await shown('it has more memory', '64Mi', null);
  t.match(larger, { restartCount: 0, allocatedResources: { memory: '64Mi' } });
  t.same(runtime.resized, [{ name: 'sized', memoryLimitBytes: 64 << 20 }]);

  await resize('64Mi', '100k');
  t.match(await shown('no node has that much', '64Mi', 'Infeasible'), { restartCount: 0 });
  await first.stop();
  const second = await startKubelet('n4', runtime, 3);
  await resize('96Mi');
  t.match(await shown('another kubelet gives more', '96Mi', null), { restartCount: 0 });

  await resize('96Mi', '20m');
  const again = await until('it starts anew for its cpu', async () => {
    const own = (await get('sized')).status?.containerStatuses?.[0];
    return own?.restartCount === 1 && own.state?.running !== undefined ? own : null;
  });
  t.match(again.resources, { limits: { cpu: '20m', memory: '96Mi' } });

  runtime.rigid.add('sized');
  await resize('48Mi', '20m');
  await shown('the runtime refuses', '96Mi', 'Error');
  runtime.rigid.clear();
  await resize('40Mi', '20m');
  await shown('and then does not', '40Mi', null);
  await second.stop();
  t.same(runtime.violations, []);
});
