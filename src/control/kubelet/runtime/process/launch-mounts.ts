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
    'must mkdir -p /dev/shm',
    `${mountCommand} --bind ${shellWord(`${oldRoot}${options.shmSource}`)} /dev/shm`,
  ];
}

/** Shell lines that bind one thing of the host. */
export function bindLines(mount: LaunchMount): string[] {
  const target = shellWord(mount.target);
  const make = mount.isDirectory
    ? [`[ -d ${target} ] || must mkdir -p ${target}`]
    : [
        `must mkdir -p ${shellWord(dirname(mount.target))}`,
        `[ -e ${target} ] || { must rm -f ${target}; : >${target}; }`,
      ];
  return [
    ...make,
    `${mountCommand} --rbind ${shellWord(`${oldRoot}${mount.source}`)} ${target}`,
    `${mountCommand} --make-r${mount.isSlave ? 'slave' : 'private'} ${target}`,
    ...(mount.isReadonly ? [`${mountCommand} -o remount,bind,ro ${target}`] : []),
  ];
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
      return `if [ -e ${target} ]; then ${mountCommand} --bind ${target} ${target}; ${mountCommand} -o remount,bind,ro ${target}; fi`;
    }),
  ];
}

/** The control groups as the container is in them, unwritable; where the kernel has none, nothing. */
function cgroupMounts(): string[] {
  const base = '/sys/fs/cgroup';
  return [
    `if [ -e ${oldRoot}${base}/cgroup.controllers ]; then tool mount -n -i -t cgroup2 -o ro,nosuid,nodev,noexec cgroup ${base} || :`,
    `elif [ -d ${base} ]; then tool mount -n -i -t tmpfs -o nosuid,nodev,noexec tmpfs ${base} || :`,
    `  for controller in cpu cpuacct cpuset memory pids; do tool mkdir ${base}/$controller && tool mount -n -i -t cgroup -o ro,nosuid,nodev,noexec,$controller cgroup ${base}/$controller 2>/dev/null || :; done`,
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
  return [`${mountCommand} --rbind ${oldRoot}/dev /dev`, `${mountCommand} --make-rslave /dev`];
}
