import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { hostClock } from '../../../../src/host/clock.js';
import { createHttp2Server } from '../../../../src/rpc/http2/index.js';
import { implementService, RpcError, Status } from '../../../../src/rpc/index.js';
import { KeyManagementService } from '../../../../src/wire/gen/kms.js';

/** A key management service of its own, on a socket, whose keys are here. */
export interface TestKms {
  readonly endpoint: string;
  /** What it was asked, in order. */
  readonly asked: string[];
  health: string;
  version: string;
  /** The key that it encrypts with. */
  rotate(keyId: string): void;
  /** Forgets a key: what it encrypted is lost. */
  revoke(keyId: string): void;
}

/** Starts one; it ends with the test. */
export async function startKms(t: Test): Promise<TestKms> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-kms-'));
  const path = join(dir, 'kms.sock');
  const keys = new Map<string, Uint8Array>();
  let keyId = '';
  const kms: TestKms = {
    endpoint: `unix://${path}`,
    ...{ asked: [], health: 'ok', version: 'v2' },
    rotate(id) {
      keyId = id;
      if (!keys.has(id)) keys.set(id, randomBytes(32));
    },
    revoke: (id) => keys.delete(id),
  };
  kms.rotate('key-1');
  const keyOf = (id: string) => {
    const key = keys.get(id);
    if (key === undefined) throw new RpcError(Status.notFound, `there is no key ${id}`);
    return key;
  };
  const service = implementService(KeyManagementService, {
    Status: async () => {
      kms.asked.push('status');
      return { version: kms.version, healthz: kms.health, keyId };
    },
    Encrypt: async ({ plaintext }) => {
      kms.asked.push(`encrypt with ${keyId}`);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', keyOf(keyId), nonce);
      const sealed = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
      const annotations = [{ key: 'kms.test', value: Buffer.from(keyId) }];
      return { ciphertext: Buffer.concat(sealed), keyId, annotations };
    },
    Decrypt: async ({ ciphertext, keyId: id, annotations }) => {
      kms.asked.push(`decrypt with ${id}`);
      const [annotation] = annotations;
      if (annotation?.key !== 'kms.test' || Buffer.from(annotation.value).toString() !== id)
        throw new RpcError(Status.invalidArgument, 'the annotations are not what they were');
      const bytes = Buffer.from(ciphertext);
      const decipher = createDecipheriv('aes-256-gcm', keyOf(id), bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(-16));
      const opened = [decipher.update(bytes.subarray(12, -16)), decipher.final()];
      return { plaintext: Buffer.concat(opened) };
    },
  });
  const rpc = createHttp2Server({
    ...{ services: [service], clock: hostClock, logger: silentLogger },
    limits: { receiveBytesMax: 1 << 20, concurrentStreamsMax: 100 },
    keepalive: { intervalMs: 0, timeoutMs: 10_000 },
  });
  const listener = net.createServer((socket) => rpc.attach(socket));
  listener.listen(path);
  await once(listener, 'listening');
  t.teardown(async () => {
    listener.close();
    await rpc.close({ graceMs: 0 });
    await rm(dir, { recursive: true });
  });
  return kms;
}
