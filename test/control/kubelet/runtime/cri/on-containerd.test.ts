import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import type {
  ContainerConfig,
  SandboxConfig,
} from '../../../../../src/control/kubelet/runtime/container-runtime.js';
import { baseImageName } from '../../../../../src/control/kubelet/runtime/images/build/index.js';
import { freePorts } from '../../../../e2e/ports.js';
import { skipBecause } from '../../../../e2e/project.js';
import { containerConfig, plainResources, plainSecurity, sandboxConfig } from '../configs.js';
import { until } from '../contract.js';
import { answerFrom } from '../node-ports.js';
import { Containerd, lacksContainerd } from './containerd.js';
import { openCriRuntime } from './open-cri-runtime.js';

const needsContainerd = skipBecause(lacksContainerd() ?? false);

t.test('CriRuntime asks containerd for what pods ask for', needsContainerd, async (t) => {
  const containerd = await Containerd.start();
  const runtime = openCriRuntime(containerd.socket);
  const logs = join(containerd.directory, 'pods');
  t.teardown(async () => {
    for (const { id } of await runtime.listSandboxes()) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
    await runtime.close();
    await containerd.close();
  });
  const imageRef = (await runtime.imageStatus(baseImageName))?.ref ?? '';
  let attempt = 0;

  /** A sandbox, and what starts containers in it. */
  const pod = async (changes: Partial<SandboxConfig> = {}) => {
    const sandbox = sandboxConfig(logs, changes);
    const id = await runtime.runSandbox(sandbox);
    const run = async (own: Partial<ContainerConfig> = {}) => {
      attempt += 1;
      const config = containerConfig(['sleep', '1000'], {
        image: baseImageName,
        imageRef,
        attempt,
      });
      const made = await runtime.createContainer(id, { ...config, ...own }, sandbox);
      await runtime.startContainer(made);
      return made;
    };
    return { id, run };
  };
  const say = async (id: string, ...command: string[]) => {
    const { stdout, stderr } = await runtime.execSync(id, command, 60_000);
    return `${Buffer.from(stdout)}${Buffer.from(stderr)}`.trim();
  };
  const ended = (id: string) =>
    until('its end', async () => {
      const state = await runtime.containerStatus(id);
      return state.state === 'exited' ? state : null;
    });

  await t.test('user, groups, capabilities, read-only root and no new privileges', async (t) => {
    const { run } = await pod();
    const id = await run({
      security: {
        ...plainSecurity,
        ...{ runAsUser: 1234, runAsGroup: 2345, supplementalGroups: [777] },
        ...{ readOnlyRootFilesystem: true, noNewPrivileges: true, dropCapabilities: ['ALL'] },
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
      },
    });
    t.match(await say(id, 'id'), /uid=1234 gid=2345 groups=2345,777|uid=1234 gid=2345 groups=777/);
    t.match(await say(id, 'touch', '/x'), /Read-only file system/);
    t.match(await say(id, 'grep', 'NoNewPrivs', '/proc/1/status'), /1$/);
    t.match(await say(id, 'grep', 'CapEff', '/proc/1/status'), /0000000000000000$/);
    t.match(await say(id, 'grep', ' /proc/sys ', '/proc/mounts'), /\bro\b/);
  });

  await t.test('volumes, host name, name servers and namespaces', async (t) => {
    const volume = join(containerd.directory, 'volume');
    await mkdir(volume);
    await writeFile(join(volume, 'f'), 'from the node');
    const dns = { servers: ['10.9.8.7'], searches: ['x.example'], options: ['ndots:5'] };
    const { run } = await pod({ hostname: 'my-pod', dns, shareProcessNamespace: true });
    const mount = { hostPath: volume, isReadonly: true, propagation: 'private' } as const;
    const first = await run({
      mounts: [{ ...mount, containerPath: '/v' }],
      pidNamespace: 'pod',
      command: ['sleep', '12345'],
    });
    t.equal(await say(first, 'cat', '/v/f'), 'from the node');
    t.match(await say(first, 'touch', '/v/g'), /Read-only file system/);
    t.equal(await say(first, 'hostname'), 'my-pod');
    t.match(await say(first, 'cat', '/etc/resolv.conf'), /search x.example\nnameserver 10.9.8.7/);
    const second = await run({ pidNamespace: 'pod' });
    t.match(await say(second, 'ps'), /sleep 12345/);
    const own = await run({ pidNamespace: 'container' });
    t.notMatch(await say(own, 'ps'), /sleep 12345/);
    const guest = await run({ pidNamespace: { targetContainerId: own } });
    t.match(await say(guest, 'ps'), /sleep 1000(.|\n)*sleep 1000/);
  });

  await t.test('ports of the node reach the pod', async (t) => {
    const [hostPort = 0] = await freePorts(1);
    const mapping = { protocol: 'TCP', containerPort: 8080, hostPort, hostIp: '' } as const;
    const { id, run } = await pod({ portMappings: [mapping] });
    await run({ command: ['sh', '-c', 'while :; do echo pong | nc -l -p 8080; done'] });
    const [ip = ''] = (await runtime.sandboxStatus(id)).ips;
    t.equal(await answerFrom(ip, 8080), 'pong\n');
    t.equal(await answerFrom('127.0.0.1', hostPort), 'pong\n');
  });

  await t.test(
    'memory beyond the limit ends a container as OOMKilled; limits can change',
    async (t) => {
      const { run } = await pod();
      const resources = { ...plainResources, memoryLimitBytes: 16 << 20 };
      const command = ['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'];
      t.match(await ended(await run({ command, resources })), {
        reason: 'OOMKilled',
        exitCode: 137,
      });
      const other = await run({ resources });
      await runtime.updateResources(other, { ...resources, memoryLimitBytes: 32 << 20 });
      const files = ['memory/memory.limit_in_bytes', 'memory.max'].map(
        (name) => `/sys/fs/cgroup/${name}`,
      );
      t.equal(await say(other, 'sh', '-c', `cat ${files.join(' ')} 2>/dev/null`), String(32 << 20));
    },
  );

  await t.test('containers outlive containerd, and their ends are known after it', async (t) => {
    const { id, run } = await pod();
    const lives = await run();
    const ends = await run({
      command: ['sh', '-c', 'until [ -e /go ]; do sleep 0.1; done; exit 9'],
    });
    const before = await runtime.containerStatus(lives);
    const go = runtime.execSync(ends, ['sh', '-c', 'sleep 1; touch /go'], 30_000).catch(() => null);
    await containerd.kill();
    await go;
    await t.rejects(runtime.listContainers(), { code: 'unreachable' });
    await t.rejects(runtime.startContainer(lives), { code: 'unreachable' });
    await containerd.launch();
    const after = await until('containerd', async () =>
      runtime.containerStatus(lives).catch(() => null),
    );
    t.match(after, { state: 'running', startedAtMs: before.startedAtMs });
    t.equal((await runtime.sandboxStatus(id)).isReady, true);
    t.match(await say(lives, 'echo', 'still'), /still/);
    await runtime.execSync(ends, ['touch', '/go'], 30_000).catch(() => null);
    t.match(await ended(ends), { exitCode: 9 });
    const { logPath } = await runtime.containerStatus(lives);
    t.ok(existsSync(logPath));
  });

  await t.test('images are listed, and what no registry has is an error of its pull', async (t) => {
    const image = (await runtime.listImages()).find(({ tags }) => tags.includes(baseImageName));
    t.match(image, { ref: imageRef, user: { uid: null } });
    t.ok((image?.sizeBytes ?? 0) > 0);
    await t.rejects(runtime.pullImage('localhost:1/none:1', null), { code: 'image-pull' });
    await t.rejects(runtime.pullImage('No//Name', null), { code: 'image-pull' });
    t.ok((await runtime.imageFileSystem()).path.startsWith('/'));
    const { conditions } = await runtime.status();
    t.ok(conditions.every(({ status }) => status));
  });

  await t.test('an unknown stop signal is refused before containerd is asked', async (t) => {
    const { run } = await pod();
    await t.rejects(run({ stopSignal: 'SIGNONE' }), { code: 'unsupported' });
    await run({ stopSignal: 'SIGRTMIN+3' });
  });
});
