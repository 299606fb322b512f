import type { Clock } from '../../base/clock.js';
import type { Logger } from '../../base/logger.js';
import { ClientCertificateAuthenticator } from '../../control/apiserver/authentication/client-certificate.js';
import { RequestHeaderAuthenticator } from '../../control/apiserver/authentication/request-header.js';
import type { ControlClient } from '../../control/client/index.js';
import {
  AccessReviews,
  authenticateRequest,
  TokenReviews,
} from '../../control/delegation/index.js';
import type { MetricsApiOptions } from '../../control/metrics-api/index.js';
import { certificatesIn } from '../apiserver/security.js';
import type { ParsedFlags } from '../program/flags.js';
import { PublishedProxies } from './published-proxies.js';

const tokenTimes = { goodMs: 10_000, badMs: 10_000 };
const accessTimes = { allowedMs: 10_000, deniedMs: 10_000 };

/**
 * Who may read metrics: the API server says who asks, by headers and a certificate of its own, or they prove it themselves; and it says what they
 * may. Rejects with UsageError.
 */
export async function openAccess(
  flags: ParsedFlags,
  client: ControlClient,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Pick<MetricsApiOptions, 'authenticate' | 'isAllowed'>> {
  const named = await openProxies(flags, clock);
  const isLookedUp = named === null && !flags.isTrue('authentication-skip-lookup');
  const published = isLookedUp ? new PublishedProxies(client, clock, logger) : null;
  const authorities = await certificatesIn(flags.text('client-ca-file'));
  const certificates =
    authorities.length === 0 ? null : new ClientCertificateAuthenticator(authorities, clock);
  const reviews = new AccessReviews(client, clock, accessTimes);
  const direct = {
    certificates:
      certificates === null
        ? null
        : {
            userOf: (peerCertificates: readonly Uint8Array[]) =>
              certificates.authenticate({ peerCertificates, headers: new Map() }),
          },
    tokens: new TokenReviews(client, clock, tokenTimes),
    isAnonymousAllowed: false,
  };
  return {
    async authenticate(request) {
      try {
        const proxies = named ?? (await published?.current());
        const user = await proxies?.authenticate(request);
        if (user) return { user };
      } catch (error) {
        return { refusal: error instanceof Error ? error.message : String(error) };
      }
      return authenticateRequest(request, direct);
    },
    isAllowed: (user, attributes) => reviews.isAllowed(user, attributes),
  };
}

/** Null: headers prove nothing. */
async function openProxies(
  flags: ParsedFlags,
  clock: Clock,
): Promise<RequestHeaderAuthenticator | null> {
  const authorities = await certificatesIn(flags.text('requestheader-client-ca-file'));
  if (authorities.length === 0) return null;
  const headers = (name: string) => flags.list(name).map((header) => header.toLowerCase());
  return new RequestHeaderAuthenticator(
    {
      authorities,
      allowedNames: flags.list('requestheader-allowed-names'),
      usernameHeaders: headers('requestheader-username-headers'),
      uidHeaders: headers('requestheader-uid-headers'),
      groupHeaders: headers('requestheader-group-headers'),
      extraHeaderPrefixes: headers('requestheader-extra-headers-prefix'),
    },
    clock,
  );
}
