import { dirname } from 'node:path';
import { shellWord } from './shell-words.js';

/** Where the host's files are while a container's own root is being filled. */
export const oldRoot = '/.flotilla-old';

/** Something of the host that a container sees. Its source is absolute and free of links. */
export interface LaunchMount {
  readonly source: string;
  readonly target: string;
  readonly isDirectory: boolean;
  readonly isReadonly: boolean;
  readonly isSlave: boolean;
}

const mountCommand = 'must mount -n -i';

/** Shell lines that make the kernel's file systems. What they call is defined by the launch script. */
export function kernelMounts(options: {
  readonly isPrivileged: boolean;
  readonly shmSource: string;
}): string[] {
  return [
    'must mkdir -p /proc /sys /dev',
    `${mountCommand} -t proc -o nosuid,nodev,noexec proc /proc`,
    `${mountCommand} -t sysfs -o nosuid,nodev,noexec${options.isPrivileged ? '' : ',ro'} sysfs /sys`,
    ...cgroupMounts(),
    ...(options.isPrivileged ? hostDevices() : ownDevices()),
    makeFolder('/dev/shm'),
    `${mountCommand} --bind ${shellWord(`${oldRoot}${options.shmSource}`)} /dev/shm`,
  ];
}

/** Shell lines that bind one thing of the host. */
export function bindLines(mount: LaunchMount): string[] {
  const target = shellWord(mount.target);
  const make = mount.isDirectory
    ? [makeFolder(mount.target)]
    : [
        makeFolder(dirname(mount.target)),
        `[ ! -L ${target} ] || [ -e ${target} ] || must rm -f ${target}`,
        `[ -e ${target} ] || : >${target}`,
      ];
  const how = [
    `--make-r${mount.isSlave ? 'slave' : 'private'}`,
    ...(mount.isReadonly ? ['-o ro'] : []),
  ];
  const source = shellWord(`${oldRoot}${mount.source}`);
  return [...make, `${mountCommand} --rbind ${how.join(' ')} ${source} ${target}`];
}

/** What is there needs no program to be made. */
function makeFolder(path: string): string {
  return `[ -d ${shellWord(path)} ] || must mkdir -p ${shellWord(path)}`;
}

/** Shell lines that hide paths and make others unwritable. */
export function guardLines(masked: readonly string[], readonly: readonly string[]): string[] {
  return [
    ...masked.map((path) => {
      const target = shellWord(path);
      return `if [ -d ${target} ]; then ${mountCommand} -t tmpfs -o ro,size=0k tmpfs ${target}; elif [ -e ${target} ]; then ${mountCommand} --bind /dev/null ${target}; fi`;
    }),
    ...readonly.map((path) => {
      const target = shellWord(path);
      return `[ ! -e ${target} ] || ${mountCommand} --bind -o ro ${target} ${target}`;
    }),
  ];
}

/** The control groups as the container is in them, unwritable; where the kernel has none, nothing. */
function cgroupMounts(): string[] {
  const base = '/sys/fs/cgroup';
  const controllers = ['cpu', 'cpuacct', 'cpuset', 'memory', 'pids'];
  return [
    `if [ -e ${oldRoot}${base}/cgroup.controllers ]; then tool mount -n -i -t cgroup2 -o ro,nosuid,nodev,noexec cgroup ${base} || :`,
    `elif [ -d ${base} ]; then tool mount -n -i -t tmpfs -o nosuid,nodev,noexec tmpfs ${base} || :`,
    `  tool mkdir ${controllers.map((name) => `${base}/${name}`).join(' ')} || :`,
    `  for controller in ${controllers.join(' ')}; do tool mount -n -i -t cgroup -o ro,nosuid,nodev,noexec,$controller cgroup ${base}/$controller 2>/dev/null || :; done`,
    'fi',
  ];
}

function ownDevices(): string[] {
  const nodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
  return [
    `${mountCommand} -t tmpfs -o nosuid,mode=755,size=65536k tmpfs /dev`,
    ...nodes.flatMap((name) => [
      `: >/dev/${name}`,
      `${mountCommand} --bind ${oldRoot}/dev/${name} /dev/${name}`,
    ]),
    'must mkdir /dev/pts /dev/mqueue',
    `${mountCommand} -t devpts -o nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts`,
    `tool mount -n -i -t mqueue -o nosuid,nodev,noexec mqueue /dev/mqueue || :`,
    'must ln -s pts/ptmx /dev/ptmx',
    'must ln -s /proc/self/fd /dev/fd',
    'must ln -s /proc/self/fd/0 /dev/stdin',
    'must ln -s /proc/self/fd/1 /dev/stdout',
    'must ln -s /proc/self/fd/2 /dev/stderr',
  ];
}

function hostDevices(): string[] {
  return [`${mountCommand} --rbind --make-rslave ${oldRoot}/dev /dev`];
}
