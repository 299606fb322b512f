import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pauseImageName } from '../../../../../src/control/kubelet/runtime/images/build/index.js';
import { flotillaBin } from '../../../../e2e/project.js';

const run = promisify(execFile);
const deadlineMs = 60_000;

/** What of the machine is needed to run containers by containerd; null when all is there. */
export function lacksContainerd(): string | null {
  if (process.geteuid?.() !== 0) return 'this process is not root';
  const programs = ['containerd', 'ctr', 'runc', 'busybox'];
  const missing = programs.filter((name) => !isInstalled(name));
  if (missing.length > 0) return `${missing.join(', ')} not installed`;
  return existsSync('/usr/lib/cni/bridge') ? null : 'no CNI plugins in /usr/lib/cni';
}

/** A containerd of its own directories, with its own network of pods and the base images. */
export class Containerd {
  readonly directory: string;
  readonly socket: string;
  readonly #bridge: string;
  #child: ChildProcess | null = null;

  private constructor(directory: string) {
    this.directory = directory;
    this.socket = join(directory, 'containerd.sock');
    this.#bridge = `fcb${randomBytes(4).toString('hex')}`;
  }

  /** Starts one that serves CRI, and has the images of `flotilla image build-base`. */
  static async start(): Promise<Containerd> {
    // Sockets' names are short (unix(7): 108 bytes), and containerd's shims have some below theirs.
    const containerd = new Containerd(await mkdtemp(join(tmpdir(), 'fcd-')));
    await containerd.#writeFiles();
    await containerd.launch();
    const archive = join(containerd.directory, 'base.tar');
    const flotilla = [flotillaBin, 'image'];
    await run(process.execPath, [...flotilla, 'build-base', archive]);
    await run(process.execPath, [
      ...flotilla,
      'import',
      archive,
      '--containerd',
      containerd.socket,
    ]);
    return containerd;
  }

  /** Starts its process; resolves when it answers. */
  async launch(): Promise<void> {
    const log = openSync(join(this.directory, 'containerd.log'), 'a');
    const child = spawn('containerd', ['--config', join(this.directory, 'config.toml')], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    this.#child = child;
    const giveUpAt = Date.now() + deadlineMs;
    for (;;) {
      if (await isServing(this.socket)) return;
      if (Date.now() > giveUpAt || child.exitCode !== null) {
        const text = await readFile(join(this.directory, 'containerd.log'), 'utf8');
        throw new Error(`containerd does not serve:\n${text.slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends its process as a crash would; its containers go on. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Removes all: what is left of containers, the process, the network and the files. */
  async close(): Promise<void> {
    await this.#removeContainers().catch(() => undefined);
    await this.kill();
    await run('ip', ['link', 'delete', this.#bridge]).catch(() => undefined);
    await this.#unmountAll();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #writeFiles(): Promise<void> {
    const at = (name: string) => join(this.directory, name);
    await mkdir(at('cni'));
    await writeFile(at('config.toml'), configText(this.directory, this.socket));
    await writeFile(at('cni/10-test.conflist'), networkText(this.#bridge, at('ipam')));
  }

  /** Of containers that a test left. */
  async #removeContainers(): Promise<void> {
    const ctr = (...args: string[]) =>
      run('ctr', ['--address', this.socket, '--namespace', 'k8s.io', ...args]);
    const { stdout } = await ctr('tasks', 'list', '--quiet');
    for (const id of stdout.split('\n').filter(Boolean)) {
      await ctr('tasks', 'delete', '--force', id).catch(() => undefined);
    }
  }

  async #unmountAll(): Promise<void> {
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(`${this.directory}/`));
    for (const path of mounts.reverse()) await run('umount', ['-l', path]).catch(() => undefined);
  }
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

async function isServing(socket: string): Promise<boolean> {
  if (!existsSync(socket)) return false;
  return run('ctr', ['--address', socket, '--timeout', '5s', 'plugins', 'list', 'id==cri'])
    .then(({ stdout }) => / ok\s*$/m.test(stdout))
    .catch(() => false);
}

function configText(directory: string, socket: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${directory}/root"
state = "${directory}/state"
[grpc]
  address = "${socket}"
[${cri}]
  sandbox_image = "${pauseImageName}"
  # Machines that are virtual themselves may lack CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [${cri}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
  [${cri}.containerd]
    snapshotter = "${process.env.FLOTILLA_SNAPSHOTTER ?? 'overlayfs'}"
  [${cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${cri}.containerd.runtimes.runc.options]
      SystemdCgroup = false
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
`;
}

function networkText(bridge: string, dataDir: string): string {
  // Others on this machine have theirs.
  const [first = 0, second = 0] = randomBytes(2);
  const subnet = `10.${200 + (first % 50)}.${second}.0/24`;
  const plugins = [
    {
      ...{ type: 'bridge', bridge, isGateway: true, ipMasq: true },
      ipam: { type: 'host-local', dataDir, ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ];
  return JSON.stringify({ cniVersion: '1.0.0', name: bridge, plugins });
}
