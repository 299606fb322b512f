import { resolve } from 'node:path';
import { Command } from 'commander';
import { ImageStore } from '../control/kubelet/runtime/images/index.js';
import { imageArchitecture } from '../host/architecture.js';

/** `flotilla image`: the images of the process runtime of a node. */
export function imageCommand(): Command {
  const image = new Command('image').description('Work with the images of a node.');
  const open = (options: { readonly dir: string }) =>
    new ImageStore(resolve(options.dir), imageArchitecture());
  image
    .command('import')
    .description('Take in images from an OCI layout or an archive that docker save wrote.')
    .argument('<path>', 'a tar file, or a directory that it was unpacked into')
    .requiredOption('--dir <path>', "the process runtime's directory of images")
    .action(async (path: string, options: { readonly dir: string }) => {
      for (const name of await open(options).import(path)) console.log(name);
    });
  image
    .command('list')
    .description('Print names and ids.')
    .requiredOption('--dir <path>', "the process runtime's directory of images")
    .action(async (options: { readonly dir: string }) => {
      for (const { ref, tags } of await open(options).list()) {
        console.log(`${tags.join(',') || '<none>'}\t${ref}`);
      }
    });
  return image;
}
