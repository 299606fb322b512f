import { createServer } from 'node:net';
import { connectTcp } from '../../../../src/host/local-socket.js';
import { until } from './contract.js';

/** A port of loopback that nobody uses, as far as the kernel can tell. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What a server says to who connects; waits until it says something. */
export function answerFrom(host: string, port: number): Promise<string> {
  return until(`an answer from ${host}:${port}`, async () => {
    const stream = await connectTcp(host, port).catch(() => null);
    if (stream === null) return null;
    stream.end();
    let said = '';
    try {
      for await (const chunk of stream) said += String(chunk);
    } catch {
      return null;
    }
    return said || null;
  });
}
