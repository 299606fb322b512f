import type { WebHandler, WebHeaders, WebRequest, WebResponse } from '../../../rpc/web.js';

/** Who may use a client port by HTTP. A set with `*` allows everybody. */
export interface HttpAccess {
  /** Origins whose pages may read the answers (`--cors`). */
  readonly origins: ReadonlySet<string>;
  /** Host names under which a port without TLS is called (`--host-whitelist`): against pages that make names point to it. */
  readonly hosts: ReadonlySet<string>;
}

/**
 * Puts a handler behind what etcd checks of each request: the name that the client calls the server by, and where a page that asks
 * comes from. Answers OPTIONS.
 */
export function withAccess(access: HttpAccess, handler: WebHandler): WebHandler {
  return async (request, response) => {
    if (!request.isTls && !allows(access.hosts, hostOf(request))) {
      refuseHost(response, hostOf(request));
      return;
    }
    const origin = allowedOrigin(access, request);
    const answer = origin === null ? response : new CorsResponse(response, origin);
    if (request.method === 'OPTIONS') {
      answer.start(200, { 'content-length': '0' });
      answer.end();
      return;
    }
    await handler(request, answer);
  };
}

function allows(set: ReadonlySet<string>, name: string): boolean {
  return set.size === 0 || set.has('*') || set.has(name);
}

/** The name without a port. */
function hostOf({ authority }: WebRequest): string {
  return authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** RFC 9110 section 15.5.20: nobody here answers for that name. */
function refuseHost(response: WebResponse, host: string): void {
  const why = `nobody answers for host ${JSON.stringify(host)} here: use TLS, or name it in --host-whitelist`;
  response.start(421, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  response.end(Buffer.from(`${why}\n`));
}

function allowedOrigin({ origins }: HttpAccess, { headers }: WebRequest): string | null {
  if (allows(origins, '*')) return '*';
  const origin = headers.get('origin') ?? '';
  return origins.has(origin) ? origin : null;
}

/** An answer that pages of an origin may read. */
class CorsResponse implements WebResponse {
  readonly #inner: WebResponse;
  readonly #origin: string;

  constructor(inner: WebResponse, origin: string) {
    this.#inner = inner;
    this.#origin = origin;
  }

  get isStarted(): boolean {
    return this.#inner.isStarted;
  }

  start(status: number, headers: WebHeaders): void {
    this.#inner.start(status, {
      ...headers,
      'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE',
      'access-control-allow-origin': this.#origin,
      'access-control-allow-headers': 'accept, content-type, authorization',
    });
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    return this.#inner.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    this.#inner.end(chunk);
  }
}
