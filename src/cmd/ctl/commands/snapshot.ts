import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import type { DiskFile } from '../../../base/disk.js';
import { DiskError } from '../../../base/disk.js';
import { openHostDisk } from '../../../host/disk.js';
import { openReadableFile } from '../../../host/readable-file.js';
import { UsageError } from '../../usage-error.js';
import { CtlCommand } from '../command.js';
import { badArgs, CtlError, ExitCode } from '../exit.js';
import { flagCounter } from '../go/integers.js';
import { action, type Run } from '../run.js';
import { endpointUrl } from '../settings.js';

/** `snapshot save | status | restore`: etcdctl's and etcdutl's commands about snapshots. */
export function snapshotCommand(): CtlCommand {
  const snapshot = new CtlCommand('snapshot').description('backups of a store');
  snapshot
    .command('save')
    .description('write a snapshot of one member to a file')
    .argument('[file...]')
    .action(action((run, args) => save(run, fileOf(args, 'save'))));
  snapshot
    .command('status')
    .description('check a snapshot, and tell hash, revision, count of keys and size')
    .argument('[file...]')
    .action(action((run, args) => status(run, fileOf(args, 'status'))));
  addRestore(snapshot);
  return snapshot;
}

function addRestore(snapshot: CtlCommand): void {
  snapshot
    .command('restore')
    .description("make a new cluster's member of a snapshot of ours or of etcd's")
    .argument('[file...]')
    .option('--data-dir <folder>', 'folder to make (default: NAME.etcd)', '')
    .option('--wal-dir <folder>', 'folder of the log, when it is to be apart from the data', '')
    .option('--name <name>', 'name of the member', 'default')
    .option('--initial-cluster <members>', 'all members: name=url,name=url', '')
    .option('--initial-cluster-token <token>', 'keeps clusters apart', 'etcd-cluster')
    .option(
      '--initial-advertise-peer-urls <urls>',
      "the member's own peer URLs",
      'http://localhost:2380',
    )
    .option('--skip-hash-check', 'take a file without a checksum, as from a data directory')
    .option('--bump-revision <count>', 'raise the revision by so much', flagCounter, 0)
    .option('--mark-compacted', 'call all revisions before that compacted')
    .action(
      action(async (run, args, command) => {
        const file = fileOf(args, 'restore');
        // Only this command needs the store itself.
        const { restoreMember } = await import('../../store/restore.js');
        const { dataDir, revision } = await asCtlErrors(() => restoreMember(file, command.opts()));
        run.complain(`restored ${file} into ${dataDir}, at revision ${revision}`);
      }),
    );
}

function fileOf(args: readonly string[], command: string): string {
  const [file] = args;
  if (file === undefined || args.length !== 1) {
    throw badArgs(`snapshot ${command} requires exactly one argument`);
  }
  return file;
}

async function status(run: Run, path: string): Promise<void> {
  const { snapshotStatus } = await import('../../../store/index.js');
  const answer = await asCtlErrors(async () => {
    const file = await openReadableFile(path);
    try {
      return await snapshotStatus(file);
    } finally {
      await file.close();
    }
  });
  run.print('snapshotStatus', answer);
}

/** The file has its name only when it is whole and durable. */
async function save(run: Run, path: string): Promise<void> {
  const [endpoint, ...others] = run.settings.endpoints;
  if (endpoint === undefined || others.length > 0) {
    const all = run.settings.endpoints.join(' ');
    throw badArgs(`snapshot must be requested to one selected node, not multiple [${all}]`);
  }
  const disk = openHostDisk(dirname(path));
  const name = basename(path);
  const partial = `${name}.part`;
  await asCtlErrors(async () => {
    await disk.remove(partial);
    const file = await disk.open(partial, { create: true });
    try {
      await receive(run, endpoint, file);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(partial, name);
    await disk.syncDir('.');
  });
  run.write(`Snapshot saved at ${path}\n`);
}

/** Writes what the member sends, and checks it by the digest that comes last. */
async function receive(run: Run, endpoint: string, file: DiskFile): Promise<void> {
  const { maintenance } = run.client([endpoint]);
  const digest = createHash('sha256');
  let at = 0;
  let last: Uint8Array = new Uint8Array(0);
  for await (const { blob } of maintenance.snapshot(endpointUrl(endpoint, run.settings))) {
    if (at > 0) digest.update(last);
    last = blob;
    file.write(at, [blob]);
    at += blob.length;
  }
  if (Buffer.compare(digest.digest(), last) !== 0) {
    throw new CtlError(ExitCode.error, 'the snapshot came damaged: its checksum is another');
  }
}

/** What goes wrong with files and flags, as what a command ends with. */
async function asCtlErrors<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof UsageError) throw badArgs(error.message);
    const isOperating =
      error instanceof DiskError ||
      (error instanceof Error && ['EtcdDataError', 'DataDirError'].includes(error.name));
    if (!isOperating) throw error;
    throw new CtlError(ExitCode.error, error.message, { cause: error });
  }
}
