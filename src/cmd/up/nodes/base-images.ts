import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  baseImageName,
  pauseImageName,
} from '../../../control/kubelet/runtime/images/build/index.js';
import { ImageStore } from '../../../control/kubelet/runtime/images/index.js';
import { RuntimeError } from '../../../control/kubelet/runtime/runtime-error.js';
import { imageArchitecture } from '../../../host/architecture.js';
import { runCommand } from '../../../host/command.js';
import { fileFacts } from '../../../host/state-files.js';
import { writeBaseArchive } from '../../image/base-archive.js';
import { importIntoContainerd } from '../../image/containerd-import.js';
import { UsageError } from '../../usage-error.js';

/** The small images that every node of `flotilla up` has: examples use them, and containerd holds pods with one of them. */
export class BaseImages {
  readonly #dir: string;
  #archive: Promise<string> | null = null;

  /** The archive is kept in the folder of the cluster. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Gives them to the process runtime of a node. Resolves with why that cannot be, or null. */
  async importInto(runtimeDir: string): Promise<string | null> {
    const store = new ImageStore(join(runtimeDir, 'images'), imageArchitecture());
    return problemOf(async () => {
      if ((await store.find(baseImageName)) !== null) return;
      await store.import(await this.#archived());
    });
  }

  /** Gives them to a containerd. Resolves with why that cannot be, or null. */
  async importIntoContainerd(socket: string): Promise<string | null> {
    return problemOf(async () => {
      const args = ['--address', socket, '--namespace', 'k8s.io', 'images', 'list', '--quiet'];
      const { stdout } = await runCommand({ command: 'ctr', args });
      const names = stdout.split('\n');
      if (names.includes(baseImageName) && names.includes(pauseImageName)) return;
      await importIntoContainerd(await this.#archived(), socket);
    });
  }

  #archived(): Promise<string> {
    this.#archive ??= this.#write();
    return this.#archive;
  }

  async #write(): Promise<string> {
    const path = join(this.#dir, 'base-images.tar');
    if ((await fileFacts(path)) !== null) return path;
    await mkdir(this.#dir, { recursive: true });
    await writeBaseArchive(path, { busybox: undefined });
    return path;
  }
}

async function problemOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof UsageError || error instanceof RuntimeError) return error.message;
    throw error;
  }
}
