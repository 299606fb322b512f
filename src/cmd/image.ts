import { resolve } from 'node:path';
import { Command } from 'commander';
import { ImageStore } from '../control/kubelet/runtime/images/index.js';
import { RuntimeError } from '../control/kubelet/runtime/runtime-error.js';
import { imageArchitecture } from '../host/architecture.js';
import { writeBaseArchive } from './image/base-archive.js';
import { importIntoContainerd } from './image/containerd-import.js';
import { UsageError } from './usage-error.js';

const dirFlag = ['--dir <path>', "the process runtime's directory of images"] as const;

/** `flotilla image`: the images of a node. */
export async function main(argv: readonly string[]): Promise<void> {
  await imageCommand().parseAsync([...argv], { from: 'user' });
}

function imageCommand(): Command {
  const image = new Command('image').description('Work with the images of a node.');
  image
    .command('build-base')
    .description(
      "Write an archive of flotilla.local/base:1 and flotilla.local/pause:1, which are this machine's busybox.",
    )
    .argument('<archive>', 'the tar file to write')
    .option('--busybox <path>', 'a static busybox (default: where the system has it)')
    .action((archive: string, { busybox }: { readonly busybox?: string }) =>
      reported(async () => {
        for (const name of await writeBaseArchive(resolve(archive), { busybox })) console.log(name);
      }),
    );
  image
    .command('import')
    .description('Take in images from an OCI layout or an archive that docker save wrote.')
    .argument('<path>', 'a tar file, or a directory that it was unpacked into')
    .option(...dirFlag)
    .option('--containerd <socket>', 'give them to containerd there')
    .action((path: string, given: { readonly dir?: string; readonly containerd?: string }) =>
      reported(async () => {
        if (given.dir === undefined && given.containerd === undefined) {
          throw new UsageError('give --dir or --containerd: where the images go');
        }
        if (given.dir !== undefined) {
          for (const name of await openStore(given.dir).import(path)) console.log(name);
        }
        if (given.containerd !== undefined) {
          console.log(await importIntoContainerd(path, given.containerd));
        }
      }),
    );
  image
    .command('list')
    .description('Print names and ids.')
    .requiredOption(...dirFlag)
    .action(({ dir }: { readonly dir: string }) =>
      reported(async () => {
        for (const { ref, tags } of await openStore(dir).list()) {
          console.log(`${tags.join(',') || '<none>'}\t${ref}`);
        }
      }),
    );
  return image;
}

function openStore(directory: string): ImageStore {
  return new ImageStore(resolve(directory), imageArchitecture());
}

/** What was asked for wrongly or cannot be had is one line and exit code 1. */
async function reported(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RuntimeError)) throw error;
    console.error(`flotilla image: ${error.message}`);
    process.exitCode = 1;
  }
}
