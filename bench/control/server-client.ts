import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseEndpoint } from '../../src/rpc/http2/endpoint.js';
import { WebClientConnection } from './web-client-connection.js';
import type { AnswerListener, WebClientStream } from './web-client-stream.js';

/** An answer: its status and its body. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** What is sent with a request. */
interface RequestBody {
  readonly json: unknown;
  readonly type?: string;
}

/**
 * Requests to an API server over a few HTTP/2 connections, in turn. On our own layer, whose requests cost a fraction of those of
 * node:http2: the load must not use up what the server is to be measured on.
 */
export class ServerClient {
  readonly #url: string;
  readonly #token: string;
  readonly #connections: Promise<WebClientConnection>[];
  #next = 0;

  constructor(url: string, token: string, connections: number) {
    this.#url = url;
    this.#token = token;
    this.#connections = Array.from({ length: connections }, () => connect(url));
  }

  /** Resolves with the answer; rejects for any status but 2xx. */
  async ask(method: string, path: string, body?: RequestBody): Promise<Answer> {
    const connection = await this.#connection();
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#open(connection, method, path, body, new WholeAnswer(resolve, reject));
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = answer.body.toString().slice(0, 300);
    throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  }

  /** Opens a watch; `onData` gets its bytes until `close`, or until the server ends it: `onEnd`. Resolves when it has begun. */
  async watch(
    path: string,
    onData: (chunk: Buffer) => void,
    onEnd: () => void = () => {},
  ): Promise<{ close(): void }> {
    const connection = await this.#connection();
    return await new Promise((resolve, reject) => {
      const stream = this.#open(connection, 'GET', path, undefined, {
        onStatus: () => resolve({ close: () => stream.cancel() }),
        onData: (bytes) => onData(bufferOf(bytes)),
        onEnd: (error) => {
          // Of one that had begun nobody is told so.
          reject(error ?? new Error(`the watch ${path} ended`));
          onEnd();
        },
      });
    });
  }

  close(): void {
    for (const connection of this.#connections) {
      connection.then(
        (each) => each.destroy(),
        () => {},
      );
    }
  }

  #connection(): Promise<WebClientConnection> {
    const connection = this.#connections[this.#next++ % this.#connections.length];
    if (connection === undefined) throw new Error('no connection');
    return connection;
  }

  #open(
    connection: WebClientConnection,
    method: string,
    path: string,
    body: RequestBody | undefined,
    listener: AnswerListener,
  ): WebClientStream {
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body.json));
    const fields: [string, string][] = [
      [':method', method],
      [':scheme', 'https'],
      [':authority', new URL(this.#url).host],
      [':path', path],
      ['authorization', `Bearer ${this.#token}`],
      ['accept', 'application/json'],
      ['user-agent', 'bench'],
    ];
    if (bytes !== null) {
      fields.push(['content-type', body?.type ?? 'application/json']);
      fields.push(['content-length', String(bytes.length)]);
    }
    return connection.request(fields, bytes, listener);
  }
}

/** Takes an answer in, whole. */
class WholeAnswer implements AnswerListener {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Uint8Array[] = [];
  #status = 0;

  constructor(resolve: (answer: Answer) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onStatus(status: number): void {
    this.#status = status;
  }

  onData(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  onEnd(error: Error | null): void {
    if (error !== null) this.#reject(error);
    else this.#resolve({ status: this.#status, body: Buffer.concat(this.#chunks) });
  }
}

async function connect(url: string): Promise<WebClientConnection> {
  const endpoint = parseEndpoint(url, { isUnverified: true });
  const socket = endpoint.open();
  await once(socket, endpoint.readyEvent);
  return new WebClientConnection(socket);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What a process has in memory now and had at most, MiB. Linux. */
export function processMemory(pid: number): { readonly nowMiB: number; readonly mostMiB: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kiB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { nowMiB: kiB('VmRSS') / 1024, mostMiB: kiB('VmHWM') / 1024 };
}

/** Processor time that a process has used, microseconds. Linux. */
export function processCpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  // Ticks of 10 ms: fields 14 and 15 of the file, user and system.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
