import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Readable, Writable } from 'node:stream';
import type { Test } from 'tap';
import { ca } from '../certificates.js';

/** What is asked. */
export interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: the caller writes it, and ends it. Default: none. */
  readonly body?: Uint8Array | null;
}

/** A request under way. */
export interface Asked {
  /** Takes the body, of a request with one. */
  readonly request: Writable;
  /** Settles with the beginning of the answer. */
  readonly answer: Promise<Answer>;
  /** Has heard `100 Continue`. */
  hasContinue: boolean;
  /** Goes away: resets the stream, or closes the connection. */
  cancel(): void;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** A client of another make, over one kind of transport. */
export interface WebClient {
  readonly name: string;
  readonly isTls: boolean;
  readonly isHttp2: boolean;
  /** Returns how to ask an endpoint. */
  open(t: Test, endpoint: string): (ask: Ask) => Asked;
}

function openHttp1(t: Test, endpoint: string): (ask: Ask) => Asked {
  const { Agent, request: open } = endpoint.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true, ca });
  t.teardown(() => agent.destroy());
  return ({ path, method = 'GET', headers = {}, body }) => {
    const request = open(`${endpoint}${path}`, { agent, method, headers, ca });
    const asked: Asked = {
      request,
      hasContinue: false,
      answer: new Promise((resolve, reject) => {
        request.on('error', reject);
        request.on('response', (response) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response }),
        );
      }),
      cancel: () => void request.destroy(),
    };
    asked.answer.catch(() => {});
    request.on('continue', () => {
      asked.hasContinue = true;
    });
    if (body === null) request.flushHeaders();
    else request.end(body);
    return asked;
  };
}

function openHttp2(t: Test, endpoint: string): (ask: Ask) => Asked {
  const session = http2.connect(endpoint, { ca });
  session.on('error', () => {});
  t.teardown(() => session.destroy());
  return ({ path, method = 'GET', headers = {}, body }) => {
    const endStream = body === undefined;
    const fields = { ':path': path, ':method': method, ...headers };
    const stream = session.request(fields, { endStream });
    const asked: Asked = {
      request: stream,
      hasContinue: false,
      answer: new Promise((resolve, reject) => {
        stream.on('error', reject);
        stream.on('close', () => reject(new Error('closed')));
        stream.on('response', ({ ':status': status = 0, ...headers }) =>
          resolve({ status, headers, body: stream }),
        );
      }),
      cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    };
    asked.answer.catch(() => {});
    stream.on('continue', () => {
      asked.hasContinue = true;
    });
    if (body !== undefined && body !== null) stream.end(body);
    return asked;
  };
}

/** Both protocols, plain and over TLS. */
export const webClients: readonly WebClient[] = [
  { name: 'HTTP/1.1', isTls: false, isHttp2: false, open: openHttp1 },
  { name: 'HTTP/1.1 over TLS', isTls: true, isHttp2: false, open: openHttp1 },
  { name: 'h2c', isTls: false, isHttp2: true, open: openHttp2 },
  { name: 'h2', isTls: true, isHttp2: true, open: openHttp2 },
];

/** All of a body. */
export async function readAll(body: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}
