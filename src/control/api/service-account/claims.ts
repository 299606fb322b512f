/** A reference to an object as claims hold it. */
export interface ClaimRef {
  readonly name: string;
  readonly uid: string;
}

/** What a service account token says; times in seconds since the epoch. */
export interface TokenClaims {
  readonly aud: readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly nbf: number;
  readonly sub: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: ClaimRef;
    readonly pod?: ClaimRef;
    readonly secret?: ClaimRef;
    readonly node?: ClaimRef;
    /** When the token was meant to expire that lives longer for old clients. */
    readonly warnafter?: number;
  };
}

/** What a token of a service account's secret says. It never expires. */
export interface LegacyClaims {
  readonly sub: string;
  readonly namespace: string;
  readonly serviceAccountName: string;
  readonly serviceAccountUid: string;
  readonly secretName: string;
}

/** The issuer of tokens that live in secrets. */
export const legacyIssuer = 'kubernetes/serviceaccount';

type Fields = Readonly<Record<string, unknown>>;

/** The claims of a token before its signature is checked; null when it is no JWT. Only to see whose business it is. */
export function peekClaims(token: string): Fields | null {
  const parts = token.split('.');
  if (parts.length !== 3) return null;
  try {
    return fieldsOf(JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')));
  } catch {
    return null;
  }
}

/** Audiences of a token: one may stand alone. */
export function audiencesOf(claims: Fields): readonly string[] {
  const { aud } = claims;
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) ? aud.filter((audience) => typeof audience === 'string') : [];
}

/** The private claims of a bound token; null when they are not of that form. */
export function readBoundClaims(claims: Fields): TokenClaims['kubernetes.io'] | null {
  const fields = fieldsOf(claims['kubernetes.io']);
  const serviceaccount = refOf(fields?.serviceaccount);
  if (fields === null || serviceaccount === undefined) return null;
  const { namespace, warnafter } = fields;
  const pod = refOf(fields.pod);
  const secret = refOf(fields.secret);
  const node = refOf(fields.node);
  return {
    namespace: typeof namespace === 'string' ? namespace : '',
    serviceaccount,
    ...(pod && { pod }),
    ...(secret && { secret }),
    ...(node && { node }),
    ...(typeof warnafter === 'number' && { warnafter }),
  };
}

/** The claims of a secret's token; what is missing is ''. */
export function readLegacyClaims(claims: Fields): LegacyClaims {
  return {
    sub: stringOf(claims.sub),
    namespace: stringOf(claims['kubernetes.io/serviceaccount/namespace']),
    serviceAccountName: stringOf(claims['kubernetes.io/serviceaccount/service-account.name']),
    serviceAccountUid: stringOf(claims['kubernetes.io/serviceaccount/service-account.uid']),
    secretName: stringOf(claims['kubernetes.io/serviceaccount/secret.name']),
  };
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : null;
}

function refOf(value: unknown): ClaimRef | undefined {
  const fields = fieldsOf(value);
  return fields === null ? undefined : { name: stringOf(fields.name), uid: stringOf(fields.uid) };
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
