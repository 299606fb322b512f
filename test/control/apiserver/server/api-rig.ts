import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { setVerify } from '../../../../src/base/assert.js';
import { silentLogger } from '../../../../src/base/logger.js';
import { parseApiserverFlags } from '../../../../src/cmd/apiserver/parse.js';
import { type RunningApiServer, startApiServer } from '../../../../src/cmd/apiserver/run.js';
import { serveApi } from '../../../store/api/rig.js';

// Who changes what all readers share is found out.
setVerify(true);

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON; fails when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape.
  readonly json: any;
}

/** How a request is made beyond its method and path. */
export interface Ask {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly user?: string;
}

/** A stream of watch events. */
export interface EventStream {
  /** Resolves to the next event; rejects when the stream ends before. */
  next(): Promise<{ readonly type: string; readonly object: Record<string, unknown> }>;
  /** Resolves once the server has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

/** An API server in this process, on a real store, spoken to over TLS. */
export interface ApiRig {
  readonly running: RunningApiServer;
  readonly storeUrl: string;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  watch(path: string, ask?: Ask): Promise<EventStream>;
  /** The answer to a GET, as it comes. */
  stream(path: string, ask?: Ask): Promise<import('node:http').IncomingMessage>;
}

/** Starts a store and an API server until the test ends. Users: `admin` (system:masters) and any other name (no groups). */
export async function startApi(t: Test, flags: readonly string[] = []): Promise<ApiRig> {
  const { endpoint } = await serveApi(t);
  return joinApi(t, endpoint, flags);
}

/** A further API server on a store that is there. */
export async function joinApi(
  t: Test,
  storeUrl: string,
  flags: readonly string[] = [],
): Promise<ApiRig> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-api-'));
  const tokens = join(dir, 'tokens.csv');
  const users = ['alice', 'bob'].map((name) => `${name},${name},${name}-uid`);
  await writeFile(tokens, ['admin,admin,admin-uid,"system:masters"', ...users, ''].join('\n'));
  const running = await startApiServer(
    parseApiserverFlags([
      `--etcd-servers=${storeUrl}`,
      '--secure-port=0',
      '--bind-address=127.0.0.1',
      `--cert-dir=${dir}`,
      `--token-auth-file=${tokens}`,
      ...flags,
    ]),
    { logger: silentLogger },
  );
  const agent = new https.Agent({ keepAlive: true, ca: running.certificate });
  let isClosed = false;
  t.teardown(async () => {
    agent.destroy();
    if (!isClosed) await running.close();
    await rm(dir, { recursive: true });
  });
  await running.ready;
  const closing = {
    ...running,
    async close() {
      isClosed = true;
      agent.destroy();
      await running.close();
    },
  };
  const send = (method: string, path: string, ask: Ask = {}) =>
    request(running, agent, method, path, ask);
  return {
    running: closing,
    storeUrl,
    async ask(method, path, ask) {
      const response = await send(method, path, ask);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString('utf8');
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        bytes,
        text,
        get json() {
          return JSON.parse(text);
        },
      };
    },
    async watch(path, ask) {
      return eventsOf(await send('GET', path, ask));
    },
    stream: (path, ask) => send('GET', path, ask),
  };
}

function request(
  { url }: RunningApiServer,
  agent: https.Agent,
  method: string,
  path: string,
  { body, headers = {}, user = 'admin' }: Ask,
): Promise<import('node:http').IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const bytes = body === undefined ? undefined : isRaw ? body : JSON.stringify(body);
    const sent = https.request(url + path, {
      method,
      agent,
      headers: {
        ...(user === '' ? {} : { authorization: `Bearer ${user}` }),
        ...(bytes === undefined
          ? {}
          : {
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(bytes as string)),
            }),
        ...headers,
      },
    });
    sent.on('response', resolve);
    sent.on('error', reject);
    sent.end(bytes);
  });
}

function eventsOf(response: import('node:http').IncomingMessage): EventStream {
  const lines = linesOf(response);
  let onEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    onEnded = resolve;
  });
  response.on('close', () => onEnded());
  response.on('error', () => {});
  return {
    ended,
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error('the watch ended');
      return JSON.parse(value as string);
    },
    close: () => response.destroy(),
  };
}

async function* linesOf(response: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
