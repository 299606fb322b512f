import type { ArchiveEntry } from '../../../../../host/tar-archive.js';
import type { NewImage } from './image-layout.js';

/** Names of the images that are made of a static busybox. */
export const baseImageName = 'flotilla.local/base:1';
/** What holds a pod's namespaces in containerd. */
export const pauseImageName = 'flotilla.local/pause:1';

/** A program and the commands that it is by another name. */
export interface MultiCallProgram {
  /** Loads nothing else. */
  readonly bytes: Uint8Array;
  readonly commands: readonly string[];
}

const shell = '/bin/sh';

/**
 * Holds a pod's namespaces, and takes in the ended processes that lost their parent: `wait` does, for as long as a sleep
 * that is never over.
 */
const pauseScript = `#!${shell}
trap 'exit 0' INT TERM
while :; do
  sleep 1000000000 &
  wait $!
done
`;

/** An image with a shell and the usual small programs, and one that does nothing but hold a pod. */
export function baseImages(
  busybox: MultiCallProgram,
  architecture: string,
): readonly [NewImage, NewImage] {
  const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  return [
    {
      name: baseImageName,
      architecture,
      files: [...folders, ...accounts, ...programFiles(busybox)],
      config: { Cmd: [shell], Env: env, WorkingDir: '/' },
    },
    {
      name: pauseImageName,
      architecture,
      files: [
        folder('bin', 0o755),
        ...programFiles({ ...busybox, commands: ['sh', 'sleep'] }),
        { path: 'pause', mode: 0o755, content: text(pauseScript) },
      ],
      config: { Entrypoint: ['/pause'], Env: env, User: '65535:65535', WorkingDir: '/' },
    },
  ];
}

const folders: readonly ArchiveEntry[] = [
  ...['bin', 'dev', 'etc', 'home', 'mnt', 'opt', 'proc', 'run', 'srv', 'sys', 'usr', 'var'].map(
    (path) => folder(path, 0o755),
  ),
  folder('root', 0o700),
  folder('tmp', 0o1777),
  folder('usr/bin', 0o755),
  folder('var/tmp', 0o1777),
];

const accounts: readonly ArchiveEntry[] = [
  {
    path: 'etc/passwd',
    mode: 0o644,
    content: text(`root:x:0:0:root:/root:${shell}\nnobody:x:65534:65534:nobody:/home:/bin/false\n`),
  },
  { path: 'etc/group', mode: 0o644, content: text('root:x:0:\nnogroup:x:65534:\n') },
];

function programFiles({ bytes, commands }: MultiCallProgram): readonly ArchiveEntry[] {
  return [
    { path: 'bin/busybox', mode: 0o755, content: { kind: 'file', bytes } },
    ...commands
      .filter((command) => command !== 'busybox')
      .map((command) => ({
        path: `bin/${command}`,
        mode: 0o777,
        content: { kind: 'link', target: 'busybox' } as const,
      })),
    // Where scripts look for it.
    ...(commands.includes('env')
      ? [
          {
            path: 'usr/bin/env',
            mode: 0o777,
            content: { kind: 'link', target: '/bin/busybox' } as const,
          },
        ]
      : []),
  ];
}

function folder(path: string, mode: number): ArchiveEntry {
  return { path, mode, content: { kind: 'directory' } };
}

function text(value: string): { readonly kind: 'file'; readonly bytes: Uint8Array } {
  return { kind: 'file', bytes: new TextEncoder().encode(value) };
}
