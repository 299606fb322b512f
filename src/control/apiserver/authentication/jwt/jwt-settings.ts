import type { Program } from '../../../cel/program.js';

/** Where a part of the user comes from: nowhere, from a claim, or from what an expression makes of all claims. */
export type ClaimMapping =
  | { readonly kind: 'none' }
  | { readonly kind: 'claim'; readonly claim: string; readonly prefix: string }
  | { readonly kind: 'expression'; readonly program: Program };

/** What must hold of the claims. */
export type ClaimRule =
  | { readonly kind: 'claim'; readonly claim: string; readonly requiredValue: string }
  | ExpressionRule;

/** An expression that must be true; when it is not, `message` tells the reader of the log why. */
export interface ExpressionRule {
  readonly kind: 'expression';
  readonly program: Program;
  readonly message: string;
}

/** An issuer of tokens that are JWTs, and what their claims say of users. */
export interface JwtSettings {
  /** An https URL; the tokens' `iss` is exactly this. */
  readonly issuerUrl: string;
  /** The URL of the discovery document; '' for the one that the issuer's URL leads to. */
  readonly discoveryUrl: string;
  /** PEM of who signs the issuer's certificate; '' for the authorities of the machine. */
  readonly caPem: string;
  /** A token is for one of these at least. */
  readonly audiences: readonly string[];
  readonly signingAlgorithms: readonly string[];
  readonly username: ClaimMapping;
  readonly groups: ClaimMapping;
  readonly uid: ClaimMapping;
  readonly extra: readonly { readonly key: string; readonly program: Program }[];
  readonly claimRules: readonly ClaimRule[];
  readonly userRules: readonly ExpressionRule[];
}

/** What may sign tokens at all. */
export const signingAlgorithms: readonly string[] =
  'RS256 RS384 RS512 ES256 ES384 ES512 PS256 PS384 PS512'.split(' ');
