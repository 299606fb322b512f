import { join } from 'node:path';
import { runProgram, startDetached } from '../../../../host/child-process.js';
import { createFile, isMountPoint, makeDirectory } from '../../../../host/state-files.js';
import type { SandboxConfig } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { shellWord } from './shell-words.js';

/** The environment of the node's own tools. */
export const toolEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
} as const;

/** Whether this process may make namespaces and mounts; else the reason why not. */
export async function whyNoIsolation(scratch: string): Promise<string | null> {
  const script = `mount -n -t tmpfs tmpfs ${shellWord(scratch)}`;
  const tried = await runTool(
    ...['unshare', '--mount', '--net', '--uts', '--ipc', '--pid', '--fork', 'sh', '-c', script],
  );
  if (tried.exitCode === 0) return null;
  return tried.stderr.toString('utf8').trim() || `unshare exits with ${tried.exitCode}`;
}

/** Makes the namespaces that a pod's containers share, held by files of its directory that they are bound to. */
export async function makeNamespaces(directory: string, config: SandboxConfig): Promise<void> {
  const kinds = namespaceKinds(config);
  for (const kind of kinds) await createFile(join(directory, kind), '');
  const inside = [
    ...(config.hostNetwork
      ? []
      : [writeLine('/proc/sys/kernel/hostname', config.hostname), 'ip link set lo up']),
    ...Object.entries(config.sysctls).map(([name, value]) => writeLine(sysctlPath(name), value)),
  ];
  const make =
    kinds.length === 0
      ? []
      : ['unshare', ...kinds.map((kind) => `--${kind}=${join(directory, kind)}`)];
  if (make.length > 0 || inside.length > 0) {
    await mustRun([...make, 'sh', '-ec', inside.join('\n') || ':']);
  }
  const shm = join(directory, 'shm');
  await makeDirectory(shm);
  await mustRun(
    config.hostIpc
      ? ['mount', '-n', '--bind', '/dev/shm', shm]
      : ['mount', '-n', '-t', 'tmpfs', '-o', 'nosuid,nodev,noexec,mode=1777,size=64m', 'shm', shm],
  );
}

function writeLine(path: string, text: string): string {
  return `echo ${shellWord(text)} >${shellWord(path)}`;
}

/** Starts the process that holds a process namespace which all containers of a pod share, and reaps in it. Resolves with its id. */
export async function startSharedInit(directory: string): Promise<number> {
  const holder = [
    'read -r pid rest </proc/self/stat; echo "$pid $rest" >init.new; mv init.new init',
    "trap 'exit 0' TERM",
    'echo started >&5; exec 5>&-',
    // While it waits for a child of its own, which takes long, a shell reaps whatever was given to it.
    'while :; do sleep 1000000 & wait $!; done',
  ].join('\n');
  const child = await startDetached(
    ['unshare', '--pid', '--fork', '--kill-child', 'sh', '-c', holder],
    { env: toolEnvironment, cwd: directory },
  );
  const report = await child.report;
  if (!report.endsWith('started\n')) {
    throw new RuntimeError('failed', 'the process namespace of the pod cannot be made');
  }
  const read = await runTool('cat', join(directory, 'init'));
  return Number(read.stdout.toString('utf8').split(' ', 1)[0]);
}

/** Whether the files of a pod's directory still hold its namespaces. */
export async function holdsNamespaces(directory: string, config: SandboxConfig): Promise<boolean> {
  const kinds = namespaceKinds(config).map((kind) => isMountPoint(join(directory, kind)));
  return (await Promise.all(kinds)).every(Boolean);
}

/** Lets go of what {@link makeNamespaces} made; what is gone already is no error. */
export async function releaseNamespaces(directory: string): Promise<void> {
  const places = ['net', 'uts', 'ipc', 'shm'].map((name) => join(directory, name));
  await runTool('umount', '-n', '-l', ...places);
}

/** nsenter with its arguments, for a command in the namespaces of a sandbox. */
export function enterNamespaces(directory: string, config: SandboxConfig): string[] {
  const kinds = namespaceKinds(config);
  if (kinds.length === 0) return [];
  return ['nsenter', ...kinds.map((kind) => `--${kind}=${join(directory, kind)}`), '--'];
}

/** Runs one of the node's tools. Never rejects. */
export function runTool(...argv: string[]) {
  return runProgram(argv, { env: toolEnvironment, timeoutMs: 30_000 });
}

/** Runs one of the node's tools, with what it reads; rejects with what it says when it fails. */
export async function mustRun(argv: readonly string[], stdin = ''): Promise<void> {
  const outcome = await runProgram(argv, { env: toolEnvironment, timeoutMs: 30_000, stdin });
  if (outcome.exitCode === 0) return;
  const said = outcome.stderr.toString('utf8').trim();
  throw new RuntimeError('failed', `${argv.join(' ')}: ${said || `exit code ${outcome.exitCode}`}`);
}

function namespaceKinds(config: SandboxConfig): readonly string[] {
  // The host name belongs to the network: a pod in the node's network has the node's.
  return [...(config.hostNetwork ? [] : ['net', 'uts']), ...(config.hostIpc ? [] : ['ipc'])];
}

/** `net.core.somaxconn` and `net/ipv4/conf/eth0.1/forwarding` alike: the first separator tells which is meant. */
function sysctlPath(name: string): string {
  const path = /^[^./]*\//.test(name)
    ? name
    : name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return `/proc/sys/${path}`;
}
