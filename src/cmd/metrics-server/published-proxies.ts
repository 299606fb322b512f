import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import type { ConfigMap } from '../../control/api/gen/core-v1.js';
import { RequestHeaderAuthenticator } from '../../control/apiserver/authentication/request-header.js';
import { parseCertificatesPem } from '../../control/apiserver/certificates/certificate.js';
import { type ControlClient, resources } from '../../control/client/index.js';

const place = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
/** For how long what was published is believed. */
const knownMs = 60_000;

/** How the API server passes on who asks, as it publishes it itself. */
export class PublishedProxies {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #known: RequestHeaderAuthenticator | null = null;
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(client: ControlClient, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Null: nothing is published. When it cannot be looked up, what was known before counts. */
  async current(): Promise<RequestHeaderAuthenticator | null> {
    if (this.#clock.now() - this.#readMs >= knownMs) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
    return this.#known;
  }

  async #read(): Promise<void> {
    try {
      const { data = {} } = await this.#client.objects(resources.configMaps).get(place);
      this.#known = proxiesIn(data, this.#clock);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#logger.warn('how the API server passes on who asks could not be looked up', {
        error: text,
      });
    }
    this.#readMs = this.#clock.now();
  }
}

/** Throws when what is published cannot be read. */
function proxiesIn(
  data: NonNullable<ConfigMap['data']>,
  clock: Clock,
): RequestHeaderAuthenticator | null {
  const pem = data['requestheader-client-ca-file'];
  if (pem === undefined) return null;
  const list = (key: string) => JSON.parse(data[`requestheader-${key}`] ?? '[]') as string[];
  const headers = (key: string) => list(key).map((header) => header.toLowerCase());
  return new RequestHeaderAuthenticator(
    {
      authorities: parseCertificatesPem(pem),
      allowedNames: list('allowed-names'),
      usernameHeaders: headers('username-headers'),
      uidHeaders: headers('uid-headers'),
      groupHeaders: headers('group-headers'),
      extraHeaderPrefixes: headers('extra-headers-prefix'),
    },
    clock,
  );
}
