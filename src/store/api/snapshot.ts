import { createHash } from 'node:crypto';
import type { ServerStream } from '../../rpc/service.js';
import type { SnapshotRequest } from '../../wire/gen/etcdserverpb.js';
import { StoreError } from '../errors.js';
import type { ApiContext } from './context.js';
import { currentHeader } from './header.js';

/** Bytes of the file in one message, as etcd has it. */
const messageBytes = 32 * 1024;

/**
 * Maintenance.Snapshot: a file of etcd's, as `etcdctl snapshot save` keeps it and `etcdutl snapshot restore` takes it, and after it
 * its SHA-256. One at a time.
 */
export class SnapshotSender {
  readonly #context: ApiContext;
  #isBusy = false;

  constructor(context: ApiContext) {
    this.#context = context;
  }

  async serve(stream: ServerStream<SnapshotRequest, unknown>): Promise<void> {
    if (this.#isBusy) throw new StoreError('too-many-requests');
    this.#isBusy = true;
    try {
      await this.#send(stream);
    } finally {
      this.#isBusy = false;
    }
  }

  async #send(stream: ServerStream<SnapshotRequest, unknown>): Promise<void> {
    const header = currentHeader(this.#context);
    const version = this.#context.version.etcd;
    const backup = await this.#context.backup();
    const digest = createHash('sha256');
    try {
      for (let at = 0; at < backup.sizeBytes && !stream.signal.aborted; at += messageBytes) {
        const blob = await backup.read(at, messageBytes);
        digest.update(blob);
        const remainingBytes = backup.sizeBytes - at - blob.length;
        if (!stream.send({ header, remainingBytes, blob, version })) await stream.drained();
      }
      stream.send({ header, remainingBytes: 0, blob: digest.digest(), version });
    } finally {
      await backup.close();
    }
  }
}
