import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { silentLogger } from '../../../../../src/base/logger.js';
import type {
  ContainerConfig,
  SandboxConfig,
} from '../../../../../src/control/kubelet/runtime/container-runtime.js';
import {
  ImageStore,
  NodeImages,
  type ImageStore as Store,
} from '../../../../../src/control/kubelet/runtime/images/index.js';
import {
  openPodNetwork,
  ProcessRuntime,
} from '../../../../../src/control/kubelet/runtime/process/index.js';
import { RuntimeError } from '../../../../../src/control/kubelet/runtime/runtime-error.js';
import { runProgram } from '../../../../../src/host/child-process.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { connectTcp } from '../../../../../src/host/local-socket.js';
import { freePorts } from '../../../../e2e/ports.js';
import { flotillaBin, isOnPath, needs, skipBecause } from '../../../../e2e/project.js';
import { containerConfig, plainSecurity, sandboxConfig } from '../configs.js';
import { until } from '../contract.js';
import { busyboxLayers, makeLayout } from '../images/make-archive.js';
import { answerFrom } from '../node-ports.js';

const busybox = '/bin/busybox';
const why =
  process.geteuid?.() !== 0
    ? 'this process is not root'
    : !isOnPath('unshare') || !existsSync(busybox)
      ? 'not on this machine: unshare or busybox'
      : false;

const hasCni = ['/usr/lib/cni', '/opt/cni/bin'].some((path) => existsSync(join(path, 'bridge')));
const needsNft = needs('nft');
const needsCni = skipBecause(!hasCni && "not on this machine: CNI's plugins");

const noRegistries = {
  pull: () => Promise.reject(new RuntimeError('image-pull', 'there are no registries here')),
};

t.test('ProcessRuntime with images and pod networks', skipBecause(why), async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fri-'));
  const bridge = `ft${randomBytes(4).toString('hex')}`;
  const root = join(directory, 'run');
  const layout = join(directory, 'layout');
  await makeLayout(layout, {
    name: 'example.com/box:1',
    layers: await busyboxLayers(busybox),
    config: {
      Env: ['FROM=image'],
      Cmd: ['sh', '-c', 'echo default; sleep 1000'],
      WorkingDir: '/tmp',
    },
  });
  const store: Store = new ImageStore(
    join(root, 'images'),
    process.arch === 'x64' ? 'amd64' : 'arm64',
  );
  await store.import(layout);
  const confDir = join(directory, 'cni');
  const settings = {
    root,
    clock: hostClock,
    logger: silentLogger,
    version: 'test',
    newId: () => randomBytes(8).toString('hex'),
    logKeeperCommand: [process.execPath, flotillaBin, 'container-logs'],
    cniConfDir: confDir,
    cniBinDirs: ['/usr/lib/cni', '/opt/cni/bin'],
    isolation: 'when-possible',
  } as const;
  const runtime = await ProcessRuntime.open(settings, {
    images: new NodeImages({ store, missing: 'pull', registries: noRegistries }),
    network: openPodNetwork({ ...settings, bridge, flatNetworks: [] }),
  });
  await runtime.updatePodCidr('10.213.77.0/24');
  t.teardown(async () => {
    for (const { id } of await runtime.listSandboxes()) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
    await runtime.close();
    await runProgram(['ip', 'link', 'delete', bridge]);
    for (const name of ['pods', 'ports']) {
      await runProgram(['nft', 'delete', 'table', 'ip', `flotilla-${name}-${bridge}`]);
    }
    await rm(directory, { recursive: true, force: true });
  });
  const imageRef = await runtime.pullImage('example.com/box:1', null);

  const pod = async (changes: Partial<SandboxConfig> = {}) => {
    const config = sandboxConfig(join(directory, 'logs', randomBytes(4).toString('hex')), changes);
    const id = await runtime.runSandbox(config);
    const run = async (changed: Partial<ContainerConfig> = {}) => {
      const made = await runtime.createContainer(
        id,
        containerConfig(['sleep', '1000'], { image: 'box', imageRef, ...changed }),
        config,
      );
      await runtime.startContainer(made);
      return made;
    };
    return { id, config, run };
  };
  const say = async (id: string, ...command: string[]) => {
    const { stdout, stderr } = await runtime.execSync(id, command, 60_000);
    return Buffer.concat([stdout, stderr]).toString().trim();
  };

  await t.test(
    "an image's own files, environment, command and directory are what a container has",
    async (t) => {
      const { run } = await pod();
      const id = await run({ command: [] });
      const { logPath } = await runtime.containerStatus(id);
      await until('the default command', async () =>
        (await readFile(logPath, 'utf8')).includes('default'),
      );
      t.equal(await say(id, 'sh', '-c', 'echo $FROM $(pwd)'), 'image /tmp');
      t.notMatch(await say(id, 'ls', '/'), /work|home|old/);
      t.match(await say(id, 'cat', '/proc/1/comm'), /^(sh|sleep)$/);
      t.match(await say(id, 'ls', '/dev'), /null[\s\S]*pts[\s\S]*zero/);
      t.equal(existsSync('/tmp/made-inside'), false);
      await say(id, 'touch', '/tmp/made-inside');
      t.equal(existsSync('/tmp/made-inside'), false);
    },
  );

  await t.test('user, groups, capabilities and a read-only root are as asked', async (t) => {
    const { run } = await pod();
    const security = {
      ...plainSecurity,
      runAsUserName: 'someone',
      supplementalGroups: [4242],
      readOnlyRootFilesystem: true,
      noNewPrivileges: true,
      dropCapabilities: ['ALL'],
    };
    const id = await run({ security });
    t.match(await say(id, 'id'), /uid=1234.*gid=2345.*777.*4242/);
    t.match(await say(id, 'touch', '/tmp/x'), /Read-only file system/);
    const status = await say(id, 'cat', '/proc/1/status');
    t.match(status, /NoNewPrivs:\s+1/);
    t.match(status, /CapEff:\s+0{16}/);
    t.match(status, /CapBnd:\s+0{16}/);
    const root = await run({
      name: 'root',
      security: {
        ...plainSecurity,
        dropCapabilities: ['ALL'],
        addCapabilities: ['NET_BIND_SERVICE'],
      },
    });
    t.match(await say(root, 'grep', 'CapEff', '/proc/self/status'), /0000000000000400/);
  });

  await t.test(
    "no library that a container names is loaded with the node's privileges",
    async (t) => {
      const { run } = await pod();
      const id = await run();
      await say(id, 'sh', '-c', 'echo /no/such/library.so >/etc/ld.so.preload');
      t.equal(await say(id, 'echo', 'clean'), 'clean');
    },
  );

  await t.test(
    'volumes are bound, read-only where asked, and the host name and resolver are the pod’s',
    async (t) => {
      await writeFile(join(directory, 'file'), 'from the node');
      const { run, config } = await pod({
        dns: { servers: ['10.96.0.10'], searches: ['a.b'], options: ['ndots:5'] },
      });
      const id = await run({
        mounts: [
          {
            containerPath: '/deep/file',
            hostPath: join(directory, 'file'),
            isReadonly: true,
            propagation: 'private',
          },
          { containerPath: '/vol', hostPath: directory, isReadonly: false, propagation: 'private' },
        ],
      });
      t.equal(await say(id, 'cat', '/deep/file'), 'from the node');
      t.match(await say(id, 'sh', '-c', 'echo x >/deep/file'), /Read-only|can't create/);
      await say(id, 'touch', '/vol/written');
      t.ok(existsSync(join(directory, 'written')));
      t.equal(await say(id, 'hostname'), config.hostname);
      t.equal(
        await say(id, 'cat', '/etc/resolv.conf'),
        'search a.b\nnameserver 10.96.0.10\noptions ndots:5',
      );
    },
  );

  await t.test('an image is a volume: its files are seen, and nobody changes them', async (t) => {
    const { run } = await pod();
    const image = (containerPath: string, subPath: string) => ({
      ...{ containerPath, hostPath: '', isReadonly: false, propagation: 'private' as const },
      image: { ref: imageRef, subPath },
    });
    const id = await run({ mounts: [image('/whole', ''), image('/part', 'etc/passwd')] });
    t.match(await say(id, 'ls', '/whole'), /bin[\s\S]*etc/);
    t.equal(await say(id, 'cat', '/part'), await say(id, 'cat', '/whole/etc/passwd'));
    t.match(await say(id, 'touch', '/whole/x'), /Read-only file system/);
    await t.rejects(run({ mounts: [image('/part', 'no/such')] }), {
      message: /failed to mount image volume at "\/part": "no\/such" .*no such file or directory/,
    });
    const absent = { ...image('/whole', ''), image: { ref: 'sha256:0', subPath: '' } };
    await t.rejects(run({ mounts: [absent] }), { code: 'not-found' });
  });

  await t.test('pods have addresses of their own and reach each other', async (t) => {
    const [one, two] = [await pod(), await pod()];
    const server = await one.run({
      command: ['sh', '-c', 'while :; do echo hello | nc -l -p 8080; done'],
    });
    const client = await two.run();
    const [address] = (await runtime.sandboxStatus(one.id)).ips;
    const [other] = (await runtime.sandboxStatus(two.id)).ips;
    t.match(address, /^10\.213\.77\./);
    t.not(address, other);
    await until('an answer', async () =>
      (await say(client, 'sh', '-c', `nc -w 2 ${address} 8080 </dev/null`)).includes('hello'),
    );
    const forwarded = await until('a forwarded port', () =>
      runtime.portForward(one.id, 8080).catch(() => null),
    );
    let text = '';
    forwarded.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await until('what it says', async () => text.includes('hello'));
    forwarded.destroy();
    await t.rejects(runtime.portForward(one.id, 9), {
      message: /failed to connect to localhost:9/,
    });
    await runtime.removeSandbox(one.id);
    await t.rejects(runtime.containerStatus(server), { code: 'not-found' });
  });

  await t.test('ports of the node are forwarded to pods', needsNft, async (t) => {
    const [hostPort = 0, otherPort = 0] = await freePorts(2);
    const port = { protocol: 'TCP', containerPort: 8080, hostPort, hostIp: '' } as const;
    const second = { ...port, hostPort: otherPort };
    const one = await pod({ portMappings: [port, second, { ...port, protocol: 'UDP' }] });
    await one.run({ command: ['sh', '-c', 'while :; do echo pong | nc -l -p 8080; done'] });
    for (const host of ['127.0.0.1', '10.213.77.1']) {
      t.equal(await answerFrom(host, hostPort), 'pong\n', host);
    }
    t.equal(await answerFrom('127.0.0.1', second.hostPort), 'pong\n');
    const client = await (await pod()).run();
    const asked = () => say(client, 'sh', '-c', `nc -w 5 10.213.77.1 ${hostPort} </dev/null`);
    await until('an answer to a pod', async () => (await asked()).includes('pong'));
    for (const hostIp of ['', '127.0.0.1']) {
      await t.rejects(pod({ portMappings: [{ ...port, hostIp }] }), {
        message: new RegExp(`host port ${hostPort}/TCP is another pod's`),
      });
    }
    await runtime.removeSandbox(one.id);
    await t.rejects(connectTcp('127.0.0.1', hostPort), { code: 'ECONNREFUSED' });
    const narrow = await pod({ portMappings: [{ ...port, hostIp: '127.0.0.1' }] });
    await narrow.run({ command: ['sh', '-c', 'while :; do echo again | nc -l -p 8080; done'] });
    t.equal(await answerFrom('127.0.0.1', hostPort), 'again\n');
    await t.rejects(connectTcp('10.213.77.1', hostPort), { code: 'ECONNREFUSED' });
  });

  await t.test('containers of a pod with a shared process namespace see each other', async (t) => {
    const { run } = await pod({ shareProcessNamespace: true });
    const first = await run({ pidNamespace: 'pod', command: ['sleep', '4321'] });
    const second = await run({ name: 'second', pidNamespace: 'pod' });
    t.match(await say(second, 'sh', '-c', 'cat /proc/[0-9]*/cmdline'), /sleep\0?4321/);
    await runtime.stopContainer(first, 0);
    t.equal((await runtime.containerStatus(second)).state, 'running');
  });

  await t.test('memory beyond the limit ends a container as OOMKilled', async (t) => {
    const { run } = await pod();
    const id = await run({
      command: ['sh', '-c', 'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done'],
      resources: {
        ...containerConfig([]).resources,
        memoryLimitBytes: 16 * 1024 * 1024,
      },
    });
    const state = await until('its end', async () => {
      const found = await runtime.containerStatus(id);
      return found.state === 'exited' ? found : null;
    });
    t.match(state, { reason: 'OOMKilled' });
  });

  await t.test(
    'CNI plugins connect pods where the node has a configuration',
    needsCni,
    async (t) => {
      const cniBridge = `fc${randomBytes(4).toString('hex')}`;
      const dataDir = join(directory, 'ipam');
      await mkdir(confDir);
      await writeFile(
        join(confDir, '10-test.conflist'),
        JSON.stringify({
          cniVersion: '1.0.0',
          name: 'test',
          plugins: [
            {
              type: 'bridge',
              bridge: cniBridge,
              isGateway: true,
              ipam: { type: 'host-local', dataDir, ranges: [[{ subnet: '10.213.78.0/24' }]] },
            },
          ],
        }),
      );
      const { id, run } = await pod();
      const [address = ''] = (await runtime.sandboxStatus(id)).ips;
      t.match(address, /^10\.213\.78\./);
      t.match(await say(await run(), 'ip', 'addr', 'show', 'eth0'), new RegExp(address));
      t.ok(existsSync(join(dataDir, 'test', address)));
      await runtime.removeSandbox(id);
      t.notOk(existsSync(join(dataDir, 'test', address)), 'the address is given back');
      await rm(confDir, { recursive: true });
      await runProgram(['ip', 'link', 'delete', cniBridge]);
    },
  );

  await t.test('an image that is not here is an error of its pull', async (t) => {
    await t.rejects(runtime.pullImage('nginx', null), { code: 'image-pull' });
    t.equal(await runtime.imageStatus('nginx'), null);
  });
});
