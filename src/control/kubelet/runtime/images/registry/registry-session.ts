import { type Clock, sleep } from '../../../../../base/clock.js';
import {
  type WebClient,
  WebClientError,
  type WebClientResponse,
} from '../../../../../rpc/index.js';
import type { ImageAuth } from '../../container-runtime.js';
import { listOf, recordOf } from '../stored-image.js';
import { basicAuthorization, parseChallenge, tokenIn, tokenUrl } from './registry-auth.js';
import { RegistryError } from './registry-error.js';

/** What requests are made with. */
export interface RegistrySessionParts {
  readonly web: WebClient;
  readonly clock: Clock;
  /** PEM of the authorities beside which none counts; null: those that node trusts. */
  readonly ca: string | null;
  readonly userAgent: string;
}

/** A request within a repository: `manifests/1.2`. */
export interface RegistryRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the whole answer; without, until its beginning alone is limited by the connection. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const redirectsMax = 5;
const attemptsMax = 5;
const retryMsMin = 200;
const retryMsMax = 10_000;
const documentBytesMax = 4 * 1024 * 1024;
const documentMsMax = 60_000;

/** Reads one repository at one endpoint, with the credentials that the registry asks for. */
export class RegistrySession {
  readonly #parts: RegistrySessionParts;
  readonly #base: string;
  readonly #repository: string;
  readonly #auth: ImageAuth | null;
  /** The value of `authorization` that the registry has asked for. */
  #authorization: string | null = null;

  constructor(
    parts: RegistrySessionParts,
    where: {
      readonly endpoint: string;
      readonly repository: string;
      readonly auth: ImageAuth | null;
    },
  ) {
    this.#parts = parts;
    this.#base = `${where.endpoint}/v2/${where.repository}/`;
    this.#repository = where.repository;
    this.#auth = where.auth;
  }

  /** A document and its media type. Rejects with RegistryError. */
  async document(request: RegistryRequest): Promise<{ bytes: Buffer; mediaType: string }> {
    const response = await this.open({ timeoutMs: documentMsMax, ...request });
    const bytes = await this.#whole(response);
    const mediaType = (response.headers.get('content-type') ?? '').replace(/;.*$/, '').trim();
    return { bytes, mediaType };
  }

  /**
   * The beginning of an answer whose status is 200 or 206. What the registry refuses for now (429, 5xx) is asked for again a few times, at
   * the time that it names. Rejects with RegistryError.
   */
  async open(request: RegistryRequest): Promise<WebClientResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#authorized(request);
      if (response.status === 200 || response.status === 206) return response;
      const isTransient = response.status === 429 || response.status >= 500;
      const error = await this.#refusal(response, request.path);
      if (!isTransient || attempt === attemptsMax) throw error;
      const pauseMs = retryPauseMs(response.headers.get('retry-after'), attempt);
      if (pauseMs > retryMsMax) throw error;
      await sleep(this.#parts.clock, pauseMs, request.signal);
    }
  }

  async #authorized(request: RegistryRequest): Promise<WebClientResponse> {
    const response = await this.#follow(request);
    if (response.status !== 401) return response;
    const asked = parseChallenge(response.headers.get('www-authenticate') ?? '');
    response.cancel();
    const before = this.#authorization;
    if (asked?.scheme === 'bearer') {
      this.#authorization = await this.#token(tokenUrl(asked, this.#repository));
    } else if (asked !== null && this.#auth !== null) {
      this.#authorization = basicAuthorization(this.#auth);
    }
    if (this.#authorization === null || this.#authorization === before) throw denied();
    const again = await this.#follow(request);
    if (again.status !== 401) return again;
    again.cancel();
    throw denied();
  }

  async #token(url: string): Promise<string> {
    const auth = this.#auth;
    if (auth !== null && auth.registryToken !== '') return `Bearer ${auth.registryToken}`;
    const headers =
      auth === null || auth.username === '' ? {} : { authorization: basicAuthorization(auth) };
    const response = await this.#ask(url, { path: '', headers, timeoutMs: documentMsMax });
    if (response.status === 401 || response.status === 403) {
      response.cancel();
      throw denied();
    }
    if (response.status !== 200) throw await this.#refusal(response, 'a token');
    return `Bearer ${tokenIn((await this.#whole(response)).toString('utf8'))}`;
  }

  /** Follows redirects; what is said to the registry alone is not said elsewhere. */
  async #follow(request: RegistryRequest): Promise<WebClientResponse> {
    let url = new URL(request.path, this.#base);
    const { origin } = url;
    for (let hops = 0; ; hops += 1) {
      const isOwn = url.origin === origin && this.#authorization !== null;
      const headers = {
        ...request.headers,
        ...(isOwn && { authorization: this.#authorization ?? '' }),
      };
      const response = await this.#ask(url.href, { ...request, headers });
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) {
        return response;
      }
      response.cancel();
      if (hops === redirectsMax) throw new RegistryError('the registry redirects for ever');
      const next = new URL(location, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw new RegistryError(`the registry redirects to ${next.origin}, which is not HTTPS`);
      }
      url = next;
    }
  }

  async #ask(url: string, { headers, timeoutMs, signal }: RegistryRequest) {
    const { web, ca, userAgent } = this.#parts;
    try {
      return await web.request({
        url,
        headers: { 'user-agent': userAgent, ...headers },
        ...(ca === null ? {} : { tls: { ca } }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw asRegistryError(error);
    }
  }

  async #whole(response: WebClientResponse): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of response.body) {
        size += chunk.length;
        if (size > documentBytesMax) {
          throw new RegistryError(
            `the registry sends a document of over ${documentBytesMax} bytes`,
          );
        }
        chunks.push(chunk);
      }
    } catch (error) {
      throw asRegistryError(error);
    }
    return Buffer.concat(chunks);
  }

  async #refusal(response: WebClientResponse, what: string): Promise<RegistryError> {
    const text = await this.#whole(response).catch(() => Buffer.alloc(0));
    const { status } = response;
    if (status === 401 || status === 403) return denied();
    const said = errorsIn(text.toString('utf8'));
    const words = status === 404 ? 'not found' : `unexpected status from the registry: ${status}`;
    return new RegistryError(`${what}: ${words}${said === '' ? '' : ` (${said})`}`);
  }
}

/** In the words that people search for. */
function denied(): RegistryError {
  return new RegistryError(
    'pull access denied, repository does not exist or may require authorization: authorization failed',
  );
}

/** What cannot be had by HTTP is an error of the registry; anything else stays what it is. */
export function asRegistryError(error: unknown): unknown {
  if (!(error instanceof WebClientError)) return error;
  return new RegistryError(error.message, { cause: error, isBroken: error.code === 'broken' });
}

/** What a registry says went wrong (distribution specification, error codes). */
function errorsIn(body: string): string {
  try {
    const { errors } = recordOf(JSON.parse(body));
    return listOf(errors)
      .map(recordOf)
      .map(({ code, message }) => `${String(code).toLowerCase()}: ${String(message)}`)
      .join('; ')
      .slice(0, 500);
  } catch {
    return '';
  }
}

/** Seconds of `retry-after`, or a time that grows. */
function retryPauseMs(header: string | undefined, attempt: number): number {
  if (header !== undefined && /^\d+$/.test(header.trim())) return Number(header) * 1000;
  return retryMsMin * 2 ** (attempt - 1);
}
