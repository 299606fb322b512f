import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { TestMember } from '../../client/server.js';
import { freePorts } from '../../e2e/ports.js';
import { ca, serverCert, serverKey } from '../../rpc/certificates.js';

/** A member, and how clients reach it. */
export interface Home {
  /** `127.0.0.1:port`, without and with TLS. */
  readonly plain: string;
  readonly secure: string;
  /** The authority that signed the member's certificate, in a file. */
  readonly caFile: string;
  /** A folder for files, gone at the test's end. */
  readonly dir: string;
}

/** Starts a member of its own, a process that serves plain text on one port and TLS on another, until the test ends. */
export async function startMember(t: Test): Promise<Home> {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-stock-'));
  const file = (name: string, text: string) => {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  };
  const [plainPort, securePort, peerPort] = await freePorts(3);
  const [plain, secure] = [`127.0.0.1:${plainPort}`, `127.0.0.1:${securePort}`];
  const clientUrls = `http://${plain},https://${secure}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const member = new TestMember(`http://${plain}`, [
    ...['--name', 'one', '--data-dir', join(dir, 'data')],
    ...['--listen-client-urls', clientUrls, '--advertise-client-urls', clientUrls],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `one=${peerUrl}`],
    ...['--cert-file', file('cert.pem', serverCert), '--key-file', file('key.pem', serverKey)],
  ]);
  t.teardown(async () => {
    await member.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  await member.start();
  return { plain, secure, caFile: file('ca.pem', ca), dir };
}
