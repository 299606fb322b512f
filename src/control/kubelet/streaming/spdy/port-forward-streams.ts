import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../../../base/clock.js';
import { type ForwardedPod, forwardConnection } from '../port-forward.js';
import { SpdyConnection } from './spdy-connection.js';
import type { SpdyStream } from './spdy-stream.js';

/** The protocol of forwarded ports over SPDY. */
export const portForwardProtocol = 'portforward.k8s.io';

/** How long the second stream of a pair may take. */
const pairMsMax = 30_000;

/** What port forwarding over SPDY is made of. */
export interface SpdyPortForwardOptions {
  readonly socket: Duplex;
  readonly head: Uint8Array;
  readonly pod: ForwardedPod;
  readonly clock: Clock;
  readonly idleMs: number;
}

/** The two streams of one forwarded connection. */
interface Pair {
  data: SpdyStream | null;
  error: SpdyStream | null;
  readonly timer: Timer;
}

/** Serves forwarded connections, each a pair of streams, until the client goes. */
export function servePortForward(options: SpdyPortForwardOptions): Promise<void> {
  const { pod, clock } = options;
  const pairs = new Map<string, Pair>();
  const connection = new SpdyConnection({
    ...options,
    onStream(stream) {
      const { headers } = stream;
      const port = portOf(headers.get('port') ?? '');
      const type = headers.get('streamtype');
      if (port === null || (type !== 'data' && type !== 'error')) return false;
      const key = headers.get('requestid') ?? oldKey(stream, type);
      const pair = pairs.get(key) ?? newPair(key);
      if (pair[type] !== null) return false;
      pair[type] = stream;
      if (pair.data !== null && pair.error !== null) {
        pairs.delete(key);
        clock.clearTimer(pair.timer);
        forward(pair.data, pair.error, port, pod);
      }
      return true;
    },
  });
  connection.onGone(() => {
    for (const { timer } of pairs.values()) clock.clearTimer(timer);
  });
  return connection.run();

  function newPair(key: string): Pair {
    const timer = clock.setTimer(pairMsMax, () => {
      pairs.delete(key);
      pair.error?.output.end(`timed out waiting for the streams of request ${key}`);
      pair.data?.output.end();
    });
    const pair: Pair = { data: null, error: null, timer };
    pairs.set(key, pair);
    return pair;
  }
}

/** Clients from before there were numbers of requests open the error's stream, and the data's right after it. */
function oldKey({ id }: SpdyStream, type: 'data' | 'error'): string {
  return String(type === 'error' ? id : id - 2);
}

function portOf(text: string): number | null {
  const port = Number(text);
  return /^\d+$/.test(text) && port > 0 && port < 65_536 ? port : null;
}

function forward(data: SpdyStream, error: SpdyStream, port: number, pod: ForwardedPod): void {
  // Nothing is read from it.
  error.input.resume();
  void forwardConnection(
    {
      ...{ port, input: data.input, output: data.output },
      end(problem) {
        data.output.end();
        if (problem === '') error.output.end();
        else error.output.end(problem);
      },
    },
    pod,
  );
}
