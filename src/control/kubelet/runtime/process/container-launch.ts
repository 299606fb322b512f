import { join } from 'node:path';
import { isSuperuser } from '../../../../host/child-process.js';
import { realPath } from '../../../../host/executables.js';
import { fileFacts } from '../../../../host/state-files.js';
import type { ContainerConfig } from '../container-runtime.js';
import { RuntimeError } from '../runtime-error.js';
import type { ContainerRecord, SandboxRecord } from './container-record.js';
import type { LaunchMount } from './launch-mounts.js';
import { isolatedLaunchScript, type LaunchPlan, sharedLaunchScript } from './launch-script.js';
import { enterNamespaces } from './namespaces.js';
import type { RuntimePaths } from './runtime-paths.js';
import { supervisorScript } from './supervisor-script.js';

/** The scripts of a container: its supervisor's, and that of its first process. */
export async function launchScripts(
  paths: RuntimePaths,
  record: ContainerRecord,
  sandbox: SandboxRecord,
  targetPid: number | null,
): Promise<{ readonly supervisor: string; readonly launch: string }> {
  const plan: LaunchPlan = {
    argv: record.argv,
    env: record.env,
    workingDir: record.workingDir,
    identity: record.identity,
    security: record.config.security,
    oomScoreAdj: record.config.resources.oomScoreAdj,
    directory: paths.container(record.id),
    tools: paths.tools,
    rootfs: record.rootfs,
    shmSource: join(paths.sandbox(sandbox.id), 'shm'),
    mounts: record.isIsolated ? await launchMounts(paths, record, sandbox) : [],
  };
  return {
    supervisor: supervisorScript({
      directory: plan.directory,
      enter: enterCommand(paths, record, sandbox, targetPid),
      hasTty: record.config.tty,
      hasStdin: record.config.stdin || record.config.tty,
      cgroups: record.cgroups,
      endingFile: join(paths.endings, record.id),
    }),
    launch: record.isIsolated
      ? isolatedLaunchScript(plan)
      : sharedLaunchScript(plan, isSuperuser()),
  };
}

/** What stands before the launch script: a session of its own, and the namespaces. */
function enterCommand(
  paths: RuntimePaths,
  record: ContainerRecord,
  sandbox: SandboxRecord,
  targetPid: number | null,
): string[] {
  const session = record.config.tty ? [] : ['setsid', '-w'];
  if (!record.isIsolated) return session;
  const directory = paths.sandbox(sandbox.id);
  const enter = enterNamespaces(directory, sandbox.config);
  const hasOwnSlaves = record.config.mounts.some(({ propagation }) => propagation !== 'private');
  const mount = ['--mount', '--propagation', hasOwnSlaves ? 'slave' : 'private'];
  const sharedPid = targetPid ?? (record.config.pidNamespace === 'pod' ? sandbox.initPid : null);
  const joined = sharedPid === null ? [] : ['nsenter', `--pid=/proc/${sharedPid}/ns/pid`, '--'];
  const isOwn = sharedPid === null && record.config.pidNamespace !== 'node';
  const own = isOwn ? ['--pid', '--', 'sh', '-c', waitForFirst, 'sh'] : ['--'];
  return [...session, ...enter, ...joined, 'unshare', ...mount, ...own];
}

/**
 * The first child of this shell is the first process of the new process namespace. unshare could wait for it itself, but says
 * on the container's error stream that it cannot kill itself the way the container was; this shell's own remarks go nowhere.
 */
const waitForFirst = 'exec 6>&2 2>/dev/null; (exec "$@" 2>&6 6>&-); exit $?';

async function launchMounts(
  paths: RuntimePaths,
  record: ContainerRecord,
  sandbox: SandboxRecord,
): Promise<LaunchMount[]> {
  const directory = paths.sandbox(sandbox.id);
  const asked = new Set(record.config.mounts.map(({ containerPath }) => containerPath));
  const own = [
    { file: 'hostname', target: '/etc/hostname' },
    ...(sandbox.config.dns === null ? [] : [{ file: 'resolv.conf', target: '/etc/resolv.conf' }]),
  ].filter(({ target }) => !asked.has(target));
  return [
    ...own.map(({ file, target }) => ({
      source: join(directory, file),
      target,
      isDirectory: false,
      isReadonly: record.config.security.readOnlyRootFilesystem,
      isSlave: false,
    })),
    ...(await Promise.all(inOrder(record.config.mounts).map(launchMount))),
    ...(await Promise.all(
      record.config.devices.map(({ hostPath, containerPath }) =>
        launchMount({
          hostPath,
          containerPath,
          isReadonly: false,
          propagation: 'private',
        }),
      ),
    )),
  ];
}

/** Outer paths first, so that no mount hides another. */
function inOrder(mounts: ContainerConfig['mounts']): ContainerConfig['mounts'] {
  const depth = (path: string) => path.split('/').filter(Boolean).length;
  return mounts.toSorted((a, b) => depth(a.containerPath) - depth(b.containerPath));
}

async function launchMount(mount: ContainerConfig['mounts'][number]): Promise<LaunchMount> {
  const source = await realPath(mount.hostPath);
  const facts = source === null ? null : await fileFacts(source);
  if (source === null || facts === null) {
    throw new RuntimeError(
      'start-failed',
      `error mounting "${mount.hostPath}" to rootfs at "${mount.containerPath}": no such file or directory`,
    );
  }
  return {
    source,
    target: mount.containerPath,
    isDirectory: facts.isDirectory,
    isReadonly: mount.isReadonly,
    isSlave: mount.propagation === 'host-to-container',
  };
}
