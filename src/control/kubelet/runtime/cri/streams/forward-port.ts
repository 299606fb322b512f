import { Duplex } from 'node:stream';
import type { Clock } from '../../../../../base/clock.js';
import type { SpdyStream } from '../../../streaming/spdy/spdy-stream.js';
import { RuntimeError } from '../../runtime-error.js';
import { openStreams } from './open-streams.js';
import type { SpdyClient } from './spdy-client.js';

const portForwardProtocol = 'portforward.k8s.io';

/** A connection to a port of a sandbox. Rejects with RuntimeError; that nobody listens there is an error of the stream. */
export async function forwardPort(
  url: string,
  port: number,
  { clock }: { readonly clock: Clock },
): Promise<Duplex> {
  const client = await openStreams(url, portForwardProtocol, clock);
  const headers = { port: String(port), requestid: '0' };
  const errors = client.open({ ...headers, streamtype: 'error' });
  const data = client.open({ ...headers, streamtype: 'data' });
  errors.output.end();
  return streamOf(client, data, errors);
}

/** Both directions of the data as one stream, which fails with what comes as an error and takes the connection down with it. */
function streamOf(client: SpdyClient, { input, output }: SpdyStream, errors: SpdyStream): Duplex {
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => void input.resume(),
    write: (chunk, encoding, done) => output.write(chunk, encoding, (error) => done(error)),
    final: (done) => output.end(() => done()),
    destroy(error, done) {
      client.close();
      done(error);
    },
  });
  input.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) input.pause();
  });
  input.once('end', () => stream.push(null));
  let problem = '';
  errors.input.on('data', (chunk: Buffer) => {
    problem += chunk.toString('utf8');
  });
  errors.input.once('close', () => {
    if (problem !== '') stream.destroy(new RuntimeError('failed', problem));
  });
  client.onGone(() => {
    if (!input.readableEnded) stream.destroy(new RuntimeError('failed', 'the runtime hung up'));
  });
  return stream;
}
