import type { Clock } from '../../../../../base/clock.js';
import { WebClient, WebClientError } from '../../../../../rpc/index.js';
import { RuntimeError } from '../../runtime-error.js';
import { SpdyClient } from './spdy-client.js';

const openMsMax = 30_000;
const refusalBytesMax = 4096;

/**
 * Connects to where the runtime says that it streams, and upgrades to SPDY/3.1, which runtimes of all ages speak and which can end a
 * container's input alone. Rejects with RuntimeError.
 */
export async function openStreams(
  url: string,
  protocol: string,
  clock: Clock,
): Promise<SpdyClient> {
  const web = new WebClient({ clock });
  const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocol };
  const request = { url, method: 'POST', headers, timeoutMs: openMsMax };
  const outcome = await web.openUpgrade(request).catch((error: unknown) => {
    if (!(error instanceof WebClientError)) throw error;
    throw new RuntimeError('unreachable', error.message, { cause: error });
  });
  if (outcome.kind === 'answered') {
    const { status, body } = outcome.response;
    throw new RuntimeError(
      'failed',
      `the runtime does not stream: ${status} ${await textOf(body)}`,
    );
  }
  const { socket, head, headers: answered } = outcome.connection;
  const chosen = answered.get('x-stream-protocol-version');
  if (chosen === protocol) return new SpdyClient(socket, head);
  socket.destroy();
  throw new RuntimeError('unsupported', `the runtime streams by ${chosen}, not by ${protocol}`);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += Buffer.from(chunk).toString('utf8');
      if (text.length > refusalBytesMax) break;
    }
  } catch (error) {
    if (!(error instanceof WebClientError)) throw error;
  }
  return text.trim();
}
