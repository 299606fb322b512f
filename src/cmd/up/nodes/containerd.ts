import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, sleep } from '../../../base/clock.js';
import { pauseImageName } from '../../../control/kubelet/runtime/images/build/index.js';
import type { RunCommand } from '../../../host/command.js';
import { writePrivate } from '../../credentials/write-private.js';
import type { ClusterNetwork } from '../cluster-network.js';
import type { ProgramSpec } from '../program-spec.js';
import { UpError } from '../up-error.js';
import { cniBinDir, cniConfDir } from './cni.js';
import type { PlannedNode } from './planned-node.js';

const startMs = 60_000;
const pollMs = 100;

/** Programs that a node with containerd needs. */
const tools = ['containerd', 'ctr', 'runc'] as const;

/** Where a node's containerd is reached. The kernel bounds how long such a path may be, so it is not below the cluster's folder. */
export function containerdSocket(network: ClusterNetwork, node: PlannedNode): string {
  return join(containerdStateDir(network, node), 'containerd.sock');
}

/** What a node's containerd keeps until the machine is started again. */
export function containerdStateDir({ prefix }: ClusterNetwork, { name }: PlannedNode): string {
  return `/run/flotilla/${prefix}/${name}`;
}

/** Rejects with {@link UpError} when the machine lacks what containerd needs. */
export async function requireContainerd(run: RunCommand): Promise<void> {
  for (const command of tools) {
    const { exitCode } = await run({ command, args: ['--version'] });
    if (exitCode !== 0)
      throw new UpError(`--runtime=cri needs ${command}, which cannot be run here: install it`);
  }
  if ((await cniBinDir()) === null)
    throw new UpError(
      '--runtime=cri needs the plugins of CNI: install containernetworking-plugins',
    );
}

/** Writes the configuration of a node's containerd, and returns the program. */
export async function containerdProgram(
  network: ClusterNetwork,
  node: PlannedNode,
  within: readonly string[],
): Promise<ProgramSpec> {
  const state = containerdStateDir(network, node);
  const config = join(node.dir, 'containerd.toml');
  await mkdir(state, { recursive: true, mode: 0o711 });
  await mkdir(node.dir, { recursive: true });
  const binDir = (await cniBinDir()) ?? '';
  await writePrivate(config, containerdConfig({ node, state, binDir }));
  return {
    name: `containerd-${node.name}`,
    command: [...within, 'containerd', '--config', config],
    certificates: [],
  };
}

/** Resolves once a containerd answers. Rejects with {@link UpError} when it does not for a minute, and when the signal aborts. */
export async function untilContainerdServes(
  socket: string,
  parts: { readonly run: RunCommand; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { run, clock, signal } = parts;
  const giveUpAt = clock.now() + startMs;
  const args = ['--address', socket, '--timeout', '5s', 'plugins', 'list', 'id==cri'];
  for (;;) {
    const { exitCode, stdout } = await run({ command: 'ctr', args });
    if (exitCode === 0 && / ok\s*$/m.test(stdout)) return;
    if (clock.now() > giveUpAt) throw new UpError(`containerd at ${socket} does not serve`);
    await sleep(clock, pollMs, signal);
  }
}

/** Takes away what is not kept over runs. */
export async function removeContainerdState(
  network: ClusterNetwork,
  node: PlannedNode,
): Promise<void> {
  const state = containerdStateDir(network, node);
  await rm(state, { recursive: true, force: true });
  for (const above of [dirname(state), dirname(dirname(state))]) await rmdir(above).catch(() => {}); // Other nodes or clusters are in it.
}

function containerdConfig(options: {
  readonly node: PlannedNode;
  readonly state: string;
  readonly binDir: string;
}): string {
  const { node, state, binDir } = options;
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const text = JSON.stringify;
  return `version = 2
root = ${text(join(node.dir, 'containerd'))}
state = ${text(state)}
[grpc]
  address = ${text(join(state, 'containerd.sock'))}
[${cri}]
  sandbox_image = ${text(pauseImageName)}
  # Machines that are virtual themselves may lack CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  [${cri}.cni]
    bin_dir = ${text(binDir)}
    conf_dir = ${text(cniConfDir(node))}
  [${cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [${cri}.containerd.runtimes.runc.options]
      SystemdCgroup = false
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(join(node.dir, 'containerd-opt'))}
`;
}
