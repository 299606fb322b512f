import http2 from 'node:http2';
import { hostClock } from '../../src/host/clock.js';
import { createGrpcJsChannel } from '../../src/rpc/grpc-js/index.js';
import { createHttp2Channel } from '../../src/rpc/http2/index.js';
import { PutRequest, PutResponse } from '../../src/wire/index.js';
import { framed, nullMethod, nullPath, nullRequest } from './null-service.js';

/** A connection of one of the clients that are compared. */
export interface BenchClient {
  /** Makes a call; rejects when it fails. */
  call(): Promise<unknown>;
  close(): Promise<void>;
}

/** Our two channels, and the least that node:http2 can do for such a call. */
export const clientEngines = ['http2', 'node:http2', 'grpc-js'] as const;
export type ClientEngine = (typeof clientEngines)[number];

/** Opens a connection to the server of the method that does nothing. */
export function openClient(engine: ClientEngine, port: number): BenchClient {
  const url = `http://127.0.0.1:${port}`;
  if (engine === 'node:http2') return openNodeHttp2(url);
  const open = engine === 'http2' ? createHttp2Channel : createGrpcJsChannel;
  const channel = open(url, { clock: hostClock });
  return {
    call: () => channel.unary(nullMethod, nullRequest),
    close: () => channel.close(),
  };
}

function openNodeHttp2(url: string): BenchClient {
  const session = http2.connect(url);
  const head = {
    ':method': 'POST',
    ':path': nullPath,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const call = () =>
    new Promise<PutResponse>((resolve, reject) => {
      const stream = session.request(head);
      const chunks: Buffer[] = [];
      let status: unknown;
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('end', () => {
        if (status === '0') resolve(PutResponse.decode(Buffer.concat(chunks).subarray(5)));
        else reject(new Error(`status ${String(status)}`));
      });
      stream.on('error', reject);
      stream.end(framed(PutRequest.encode(nullRequest)));
    });
  return {
    call,
    close: () => new Promise((resolve) => session.close(resolve)),
  };
}
