import type { Clock } from '../../../../base/clock.js';
import { peekClaims } from '../../../api/service-account/claims.js';
import { getField, isJsonObject } from '../../../machinery/json-object.js';
import { TokenError } from '../token-authenticator.js';
import { IssuerKeys, type IssuerReader } from './issuer-keys.js';
import type { JwtSettings } from './jwt-settings.js';
import { checkValidity } from './token-validity.js';

type Claims = Readonly<Record<string, unknown>>;

const failed = 'oidc: could not expand distributed claims';
/** Issuers whose keys are remembered: there are a few at most. */
const issuersMax = 64;

/**
 * Fetches a claim that a verified token does not have, but says where to find (OpenID Connect Core 1.0 section 5.6.2, distributed claims):
 * the endpoint answers with a token of its own that has it. Aggregated claims are not read.
 */
export class DistributedClaims {
  readonly #claim: string;
  readonly #settings: JwtSettings;
  readonly #reader: IssuerReader;
  readonly #clock: Clock;
  /** By issuer. Invariant: at most {@link issuersMax}. */
  readonly #keys = new Map<string, IssuerKeys>();

  constructor(claim: string, settings: JwtSettings, reader: IssuerReader, clock: Clock) {
    this.#claim = claim;
    this.#settings = settings;
    this.#reader = reader;
    this.#clock = clock;
  }

  /** The claims with the one that is elsewhere. Rejects with TokenError when it cannot be had. */
  async expand(claims: Claims): Promise<Claims> {
    const source = this.#sourceOf(claims);
    if (source === null) return claims;
    const token = await this.#fetch(source);
    const found = peekClaims(token);
    if (found === null) throw new TokenError(`${failed}: ${source.endpoint} answers with no token`);
    await this.#keysOf(String(found.iss)).verify(token);
    checkValidity(found, {
      audiences: this.#settings.audiences,
      nowMs: this.#clock.wallTime(),
      context: `${failed}: verify distributed claim token`,
    });
    if (!Object.hasOwn(found, this.#claim))
      throw new TokenError(
        `${failed}: jwt returned by distributed claim endpoint ${JSON.stringify(source.endpoint)} did not contain claim: ${this.#claim}`,
      );
    return { ...claims, [this.#claim]: found[this.#claim] };
  }

  /** Null: the claim is there, or nowhere. */
  #sourceOf(claims: Claims): { readonly endpoint: string; readonly accessToken: string } | null {
    const { _claim_names: names, _claim_sources: sources } = claims;
    if (Object.hasOwn(claims, this.#claim) || names === undefined) return null;
    if (!isJsonObject(names))
      throw new TokenError(`${failed}: error parsing distributed claim names`);
    if (sources === undefined) throw new TokenError(`${failed}: oidc: no claim sources`);
    if (!isJsonObject(sources)) throw new TokenError(`${failed}: could not parse claim sources`);
    const name = getField(names, this.#claim);
    if (name === undefined) return null;
    const source = getField(sources, String(name));
    if (!isJsonObject(source))
      throw new TokenError(
        `${failed}: id token _claim_names contained a source ${name} missing in _claims_sources`,
      );
    const endpoint = getField(source, 'endpoint');
    const accessToken = getField(source, 'access_token') ?? '';
    if (typeof endpoint !== 'string' || endpoint === '') return null;
    return { endpoint, accessToken: String(accessToken) };
  }

  async #fetch({
    endpoint,
    accessToken,
  }: {
    readonly endpoint: string;
    readonly accessToken: string;
  }): Promise<string> {
    const context = `${failed}: while getting distributed claim ${JSON.stringify(this.#claim)}`;
    if (!endpoint.startsWith('https://'))
      throw new TokenError(`${context}: ${JSON.stringify(endpoint)} is no https URL`);
    try {
      return (await this.#reader.text(endpoint, accessToken)).trim();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new TokenError(`${context}: ${why}`, { cause: error });
    }
  }

  #keysOf(issuer: string): IssuerKeys {
    const known = this.#keys.get(issuer);
    if (known !== undefined) return known;
    if (!issuer.startsWith('https://'))
      throw new TokenError(`${failed}: the issuer ${JSON.stringify(issuer)} is no https URL`);
    const { issuerUrl, discoveryUrl, signingAlgorithms } = this.#settings;
    const keys = new IssuerKeys(
      {
        issuerUrl: issuer,
        discoveryUrl: issuer === issuerUrl ? discoveryUrl : '',
        signingAlgorithms,
      },
      this.#reader.json,
      this.#clock,
    );
    if (this.#keys.size >= issuersMax) this.#keys.clear();
    this.#keys.set(issuer, keys);
    return keys;
  }
}
