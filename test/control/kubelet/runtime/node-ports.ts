import { connectTcp } from '../../../../src/host/local-socket.js';
import { until } from './contract.js';

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
