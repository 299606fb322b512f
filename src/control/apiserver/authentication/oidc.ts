import type { JwtSettings } from './jwt/jwt-settings.js';

/** What the --oidc-* flags say. */
export interface OidcOptions {
  /** An https URL, without a path to a document. */
  readonly issuerUrl: string;
  readonly clientId: string;
  /** PEM of who signs the issuer's certificate; '' for the authorities of the machine. */
  readonly caPem: string;
  /** Default in Kubernetes: `sub`. */
  readonly usernameClaim: string;
  /** Undefined: the issuer and `#`, but none for the claim `email`. `-`: none. */
  readonly usernamePrefix: string | undefined;
  /** '' for no groups. */
  readonly groupsClaim: string;
  readonly groupsPrefix: string;
  readonly signingAlgorithms: readonly string[];
  /** Claims that a token must have with exactly these values. */
  readonly requiredClaims: Readonly<Record<string, string>>;
}

/** The flags as the settings of an authenticator. */
export function jwtSettingsOfOidc(options: OidcOptions): JwtSettings {
  const { issuerUrl, clientId, caPem, usernameClaim, groupsClaim, groupsPrefix } = options;
  return {
    ...{ issuerUrl, caPem, discoveryUrl: '', audiences: [clientId] },
    signingAlgorithms: options.signingAlgorithms,
    username: { kind: 'claim', claim: usernameClaim, prefix: usernamePrefixOf(options) },
    groups:
      groupsClaim === ''
        ? { kind: 'none' }
        : { kind: 'claim', claim: groupsClaim, prefix: groupsPrefix },
    uid: { kind: 'none' },
    extra: [],
    claimRules: Object.entries(options.requiredClaims).map(([claim, requiredValue]) => ({
      kind: 'claim' as const,
      claim,
      requiredValue,
    })),
    userRules: [],
  };
}

function usernamePrefixOf({ usernamePrefix, usernameClaim, issuerUrl }: OidcOptions): string {
  if (usernamePrefix === '-') return '';
  if (usernamePrefix !== undefined && usernamePrefix !== '') return usernamePrefix;
  return usernameClaim === 'email' ? '' : `${issuerUrl}#`;
}
