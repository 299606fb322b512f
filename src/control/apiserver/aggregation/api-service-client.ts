import type { WebClient } from '../../../rpc/web-client.js';
import type {
  UpgradeOutcome,
  WebClientRequest,
  WebClientResponse,
  WebClientTls,
} from '../../../rpc/web-exchange.js';
import type { APIService } from '../../api/gen/apiregistration-v1.js';
import type { ObjectReader, UserInfo } from '../contracts.js';
import { serviceAddress } from './service-address.js';

/** What talking to the servers behind APIServices needs. */
export interface ApiServiceClientOptions {
  readonly web: WebClient;
  readonly objects: ObjectReader;
  /** A number below `count`. */
  readonly pick: (count: number) => number;
  /** The certificate and key (PEM) by which this server shows itself; null without. */
  readonly identity: { readonly cert: string; readonly key: string } | null;
}

/** A request to the server behind an APIService. */
export interface ApiServiceRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** Sends requests to the servers behind APIServices, over TLS that is verified unless the APIService says that it is not to be. */
export class ApiServiceClient {
  readonly #options: ApiServiceClientOptions;

  constructor(options: ApiServiceClientOptions) {
    this.#options = options;
  }

  /** Rejects with ServiceAddressError when there is nowhere to send it, with WebClientError when it is not answered. */
  async request(service: APIService, request: ApiServiceRequest): Promise<WebClientResponse> {
    return this.#options.web.request(await this.#requestTo(service, request));
  }

  /** The same for a request for another protocol, which its headers name. */
  async upgrade(service: APIService, request: ApiServiceRequest): Promise<UpgradeOutcome> {
    return this.#options.web.openUpgrade(await this.#requestTo(service, request));
  }

  async #requestTo({ spec }: APIService, request: ApiServiceRequest): Promise<WebClientRequest> {
    const { objects, pick } = this.#options;
    const { name = '', namespace = '', port = 443 } = spec?.service ?? {};
    const address = await serviceAddress(objects, { name, namespace, port }, pick);
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    const { method, target, headers, body, signal, timeoutMs } = request;
    return {
      url: `https://${host}:${address.port}${target}`,
      method,
      headers,
      tls: this.#tls(spec ?? {}, `${name}.${namespace}.svc`),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
  }

  #tls(spec: NonNullable<APIService['spec']>, serverName: string): WebClientTls {
    const { identity } = this.#options;
    const own = identity ?? {};
    if (spec.insecureSkipTLSVerify === true) return { ...own, isUnverified: true };
    const ca = Buffer.from(spec.caBundle ?? '', 'base64').toString('latin1');
    return { ...own, serverName, ...(ca === '' ? {} : { ca }) };
  }
}

/** The headers by which the other server is told who asks (its `--requestheader-*` flags name them). */
export function identityHeaders(
  user: UserInfo,
): Readonly<Record<string, string | readonly string[]>> {
  const extra = Object.entries(user.extra).map(
    ([key, values]) => [`X-Remote-Extra-${encodeURIComponent(key.toLowerCase())}`, values] as const,
  );
  return {
    'X-Remote-User': user.name,
    ...(user.uid === '' ? {} : { 'X-Remote-Uid': user.uid }),
    'X-Remote-Group': user.groups,
    ...Object.fromEntries(extra),
  };
}
