import { join } from 'node:path';
import { isSuperuser } from '../../../../host/child-process.js';
import type { ContainerConfig, SandboxConfig } from '../container-runtime.js';
import type { UnpackedImage } from '../images/image-source.js';
import { findUser } from '../images/image-user.js';
import { RuntimeError } from '../runtime-error.js';
import type { ContainerRecord, SandboxRecord } from './container-record.js';
import type { RunIdentity } from './run-identity.js';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Puts image and configuration together. Rejects with RuntimeError for what cannot be run here. */
export async function makeContainerRecord(options: {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly sandboxConfig: SandboxConfig;
  readonly sandbox: SandboxRecord;
  readonly image: UnpackedImage;
  readonly nowMs: number;
  readonly bootId: string;
  readonly cgroups: readonly string[];
}): Promise<ContainerRecord> {
  const { config, sandbox, image } = options;
  refuseUnsupported(config, sandbox, image);
  const argv = argvOf(config, image);
  const identity = await identityOf(config, sandbox, image);
  return {
    id: options.id,
    sandboxId: sandbox.id,
    config,
    createdAtMs: options.nowMs,
    bootId: options.bootId,
    logPath: join(options.sandboxConfig.logDirectory, config.logPath),
    argv,
    env: envOf(config, sandbox, image, identity),
    workingDir: config.workingDir || image.defaults.workingDir || '/',
    stopSignal: config.stopSignal || image.defaults.stopSignal || 'SIGTERM',
    identity,
    isIsolated: sandbox.isIsolated,
    rootfs: image.rootfs,
    cgroups: options.cgroups,
  };
}

function refuseUnsupported(
  config: ContainerConfig,
  sandbox: SandboxRecord,
  image: UnpackedImage,
): void {
  const refuse = (what: string) => {
    throw new RuntimeError('unsupported', `the process runtime ${what}`);
  };
  if (config.security.seccomp?.kind === 'localhost') refuse('has no seccomp profiles');
  if (config.security.apparmor?.kind === 'localhost') refuse('has no AppArmor profiles');
  if (config.mounts.some(({ propagation }) => propagation === 'bidirectional')) {
    refuse('has no bidirectional mount propagation');
  }
  if (sandbox.isIsolated) return;
  if (image.rootfs !== '/') {
    refuse(
      'needs the privileges of root, which it does not have here, for images other than "host"',
    );
  }
}

/** Kubernetes' rule: a command replaces the image's entry point and its arguments, arguments replace its arguments. */
function argvOf(config: ContainerConfig, image: UnpackedImage): readonly string[] {
  const { entrypoint, command } = image.defaults;
  const argv =
    config.command.length > 0
      ? [...config.command, ...config.args]
      : [...entrypoint, ...(config.args.length > 0 ? config.args : command)];
  if (argv.length > 0) return argv;
  throw new RuntimeError(
    'start-failed',
    `no command specified: neither the pod nor the image "${config.image}" names one`,
  );
}

function envOf(
  config: ContainerConfig,
  sandbox: SandboxRecord,
  image: UnpackedImage,
  identity: RunIdentity,
): readonly string[] {
  const merged = new Map<string, string>();
  const base = [
    defaultPath,
    `HOSTNAME=${sandbox.config.hostname}`,
    `HOME=${identity.uid === 0 ? '/root' : '/'}`,
    ...(config.tty ? ['TERM=xterm'] : []),
  ];
  for (const entry of [...base, ...image.defaults.env]) {
    const at = entry.indexOf('=');
    if (at > 0) merged.set(entry.slice(0, at), entry.slice(at + 1));
  }
  for (const { name, value } of config.env) merged.set(name, value);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

async function identityOf(
  config: ContainerConfig,
  sandbox: SandboxRecord,
  image: UnpackedImage,
): Promise<RunIdentity> {
  const { runAsUser, runAsUserName, runAsGroup, supplementalGroups } = config.security;
  const wanted = runAsUser !== null ? String(runAsUser) : runAsUserName || image.defaults.user;
  const found = await findUser(image.rootfs, wanted);
  const identity: RunIdentity = {
    uid: found.uid,
    gid: runAsGroup ?? found.gid,
    groups: [...found.groups, ...supplementalGroups, ...sandbox.config.security.supplementalGroups],
  };
  const isAsked = runAsUser !== null || runAsGroup !== null;
  if (!isAsked || isSuperuser() || ownUid() === identity.uid) return identity;
  throw new RuntimeError(
    'start-failed',
    `the node has no privileges to run as user ${identity.uid}: it runs as user ${ownUid()}`,
  );
}

function ownUid(): number {
  return process.getuid?.() ?? 0;
}
