import { exportJWK } from 'jose';
import type { VerificationKey } from '../../../api/service-account/signing-key.js';

/** Where the key set is served. */
export const keySetPath = '/openid/v1/jwks';

/** The documents by which others verify service account tokens (OpenID Connect Discovery 1.0 section 3, RFC 7517). */
export interface IssuerDocuments {
  /** Served at /.well-known/openid-configuration, as application/json. */
  readonly configuration: string;
  /** Served at {@link keySetPath}, as application/jwk-set+json. */
  readonly keySet: string;
}

/**
 * The discovery documents of an issuer. Null when the issuer is no https URL: then nobody could use them.
 * `keySetUrl` is --service-account-jwks-uri, or '' for this server's own address.
 */
export async function issuerDocuments(options: {
  readonly issuer: string;
  readonly keySetUrl: string;
  readonly externalAddress: string;
  readonly keys: readonly VerificationKey[];
}): Promise<IssuerDocuments | null> {
  const { issuer, keySetUrl, externalAddress, keys } = options;
  if (!issuer.startsWith('https://')) return null;
  const algorithms = [...new Set(keys.map(({ algorithm }) => algorithm))].sort();
  const configuration = {
    issuer,
    jwks_uri: keySetUrl === '' ? `https://${externalAddress}${keySetPath}` : keySetUrl,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
  };
  const keySet = { keys: await Promise.all(keys.map(jwkOf)) };
  return { configuration: JSON.stringify(configuration), keySet: JSON.stringify(keySet) };
}

async function jwkOf({ id, algorithm, key }: VerificationKey): Promise<Record<string, unknown>> {
  const jwk = await exportJWK(key);
  return { use: 'sig', kty: jwk.kty, kid: id, alg: algorithm, ...jwk };
}
