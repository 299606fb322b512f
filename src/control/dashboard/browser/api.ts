import { tokenProtocol } from '../model/exec-channels.js';

/** What the server refused, or why it was not reached (code 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = reason;
  }
}

/** A request's parts that are not always there. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default: `application/json`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** How often a read is tried, and the pause after the first time, in milliseconds; it grows with each. */
const readTriesMax = 4;
const retryMs = 250;

/** Requests to the API server as one user: each carries the token in a header, and nowhere else. */
export class Api {
  readonly #token: string;
  readonly #onRefused: () => void;

  /** `onRefused` is told when the server does not know the token (any more). */
  constructor(token: string, onRefused: () => void) {
    this.#token = token;
    this.#onRefused = onRefused;
  }

  /** The answer's JSON. Throws {@link ApiError}. */
  async json<T>(path: string, request: ApiRequest = {}): Promise<T> {
    const response = await this.open(path, request);
    return (await this.#read(response.text())) as T;
  }

  /** The answer as text. Throws {@link ApiError}. */
  async text(path: string, request: ApiRequest = {}): Promise<string> {
    const response = await this.open(path, request);
    return bodyOf(response.text());
  }

  /** The lines of an answer without end, without their line feeds, some at a time. Throws {@link ApiError}. */
  async *lines(path: string, request: ApiRequest = {}): AsyncGenerator<string[], void, undefined> {
    const response = await this.open(path, request);
    if (response.body === null) return;
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for (;;) {
        const { done, value } = await bodyOf(reader.read());
        if (done) break;
        const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        if (parts.length > 0) yield parts;
      }
      if (rest !== '') yield [rest];
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  /** The answer, once its head is there and says that all is well. Throws {@link ApiError}. */
  async open(path: string, request: ApiRequest = {}): Promise<Response> {
    const { method = 'GET', accept = 'application/json', body, signal } = request;
    const headers: Record<string, string> = { accept, authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    const response = await fetchPatiently(path, {
      ...{ method, headers, cache: 'no-store', redirect: 'error' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    if (response.status === 401) this.#onRefused();
    throw refusal(response.status, await bodyOf(response.text()));
  }

  /** A WebSocket of binary messages. It says by itself when it was refused, but not why. */
  openSocket(path: string, protocol: string): WebSocket {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, [protocol, tokenProtocol(this.#token)]);
    socket.binaryType = 'arraybuffer';
    return socket;
  }

  async #read(text: Promise<string>): Promise<unknown> {
    const body = await bodyOf(text);
    try {
      return JSON.parse(body);
    } catch (error) {
      throw new ApiError(0, 'Malformed', 'the server answered something that is no JSON', {
        cause: error,
      });
    }
  }
}

/**
 * A browser drops what is under way when the machine's network changes in any way: what only reads is asked again. Writes are not,
 * as they may have taken effect.
 */
async function fetchPatiently(path: string, init: RequestInit): Promise<Response> {
  for (let tries = 1; ; tries++) {
    try {
      return await bodyOf(fetch(path, init));
    } catch (error) {
      if (init.method !== 'GET' || tries === readTriesMax || isAbort(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, tries * retryMs));
    }
  }
}

/** Has a broken connection named as what it is; what the page itself gave up stays an abort. */
async function bodyOf<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'Unreachable', 'the API server cannot be reached', { cause: error });
  }
}

function refusal(code: number, text: string): ApiError {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: string; message?: string };
    return new ApiError(code, reason ?? '', message ?? `the server answered ${code}`);
  } catch {
    return new ApiError(code, '', text.trim() === '' ? `the server answered ${code}` : text.trim());
  }
}

/** Whether something ended because the page does not want it any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

/** Anything thrown, as what the page shows. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, '', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
