import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { makeSelfSigned } from '../../../../src/cmd/apiserver/self-signed.js';

/** A folder of its own, until the test ends. */
export async function tempDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-files-'));
  t.teardown(() => rm(dir, { recursive: true }));
  return dir;
}

/** An HTTPS server of JSON documents until the test ends, and its certificate. */
export async function serveJson(t: Test, answer: (path: string, body: string) => unknown) {
  const { cert, key } = await makeSelfSigned(['localhost', '127.0.0.1'], Date.now());
  const server = https.createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(request.url ?? '', Buffer.concat(chunks).toString())));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, cert };
}
