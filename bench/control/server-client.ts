import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';

/** An answer: its status and its body. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Requests to an API server over a few HTTP/2 connections, in turn. */
export class ServerClient {
  readonly #sessions: readonly ClientHttp2Session[];
  readonly #token: string;
  #next = 0;

  constructor(url: string, token: string, connections: number) {
    this.#token = token;
    this.#sessions = Array.from({ length: connections }, () =>
      connect(url, { rejectUnauthorized: false }),
    );
  }

  /** Resolves with the answer; rejects for any status but 2xx. */
  async ask(
    method: string,
    path: string,
    body?: { readonly json: unknown; readonly type?: string },
  ): Promise<Answer> {
    const stream = this.#open(method, path, body?.type ?? 'application/json');
    stream.end(body === undefined ? undefined : JSON.stringify(body.json));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const status = await new Promise<number>((resolve, reject) => {
      let code = 0;
      stream.once('response', (headers) => {
        code = Number(headers[':status']);
      });
      stream.once('error', reject);
      stream.once('end', () => resolve(code));
    });
    const answer = { status, body: Buffer.concat(chunks) };
    if (status >= 200 && status < 300) return answer;
    throw new Error(`${method} ${path}: ${status} ${answer.body.toString().slice(0, 300)}`);
  }

  /** Opens a watch; `onData` gets its bytes until `close`. Resolves when it has begun. */
  async watch(path: string, onData: (chunk: Buffer) => void): Promise<{ close(): void }> {
    const stream = this.#open('GET', path, 'application/json');
    stream.end();
    await new Promise((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    });
    stream.on('data', onData);
    return { close: () => stream.close() };
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #open(method: string, path: string, type: string) {
    const session = this.#sessions[this.#next++ % this.#sessions.length];
    if (session === undefined) throw new Error('no connection');
    return session.request({
      ':method': method,
      ':path': path,
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
      ...(method !== 'GET' && { 'content-type': type }),
    });
  }
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
