import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  tooMany,
} from '../../machinery/field-path.js';
import { refuseFieldErrors } from '../configuration/check-fields.js';
import { ConfigObject } from '../configuration/config-object.js';
import { claimMappingsOf, claimRulesOf, userRulesOf } from './jwt/claims-config.js';
import { issuerOf } from './jwt/issuer-config.js';
import { type JwtSettings, signingAlgorithms } from './jwt/jwt-settings.js';
import type { AnonymousPolicy } from './request-authentication.js';

/** What an AuthenticationConfiguration says. */
export interface AuthenticationConfig {
  readonly jwt: readonly JwtSettings[];
  /** Null: it says nothing of them. */
  readonly anonymous: AnonymousPolicy | null;
}

const versions = ['v1', 'v1beta1', 'v1alpha1'];
const issuersMax = 64;

/**
 * Reads an --authentication-config file (AuthenticationConfiguration). `ownIssuers` are those of service account tokens, which no other
 * may be. Throws ConfigError with Kubernetes' texts.
 */
export function parseAuthenticationConfig(
  text: string,
  ownIssuers: readonly string[],
): AuthenticationConfig {
  const root = ConfigObject.parse(text, 'AuthenticationConfiguration', versions);
  const errors: FieldError[] = [];
  const entries = root.objects('jwt');
  const path = fieldPath('jwt');
  if (entries.length > issuersMax) errors.push(tooMany(path, entries.length, issuersMax));
  const jwt =
    errors.length > 0
      ? []
      : entries.map((entry, index) => jwtOf(entry, path.index(index), ownIssuers, errors));
  checkTwice(jwt, path, errors);
  const anonymous = anonymousOf(root.object('anonymous'), errors);
  root.end();
  refuseFieldErrors(errors);
  return { jwt, anonymous };
}

function jwtOf(
  entry: ConfigObject,
  path: FieldPath,
  ownIssuers: readonly string[],
  errors: FieldError[],
): JwtSettings {
  const issuer = issuerOf(entry.object('issuer'), path.child('issuer'), ownIssuers, errors);
  const claimRules = claimRulesOf(entry, path.child('claimValidationRules'), errors);
  const at = path.child('claimMappings');
  const mappings = claimMappingsOf(entry.object('claimMappings'), at, claimRules, errors);
  const userRules = userRulesOf(entry, path.child('userValidationRules'), errors);
  entry.end();
  return { ...issuer, ...mappings, claimRules, userRules, signingAlgorithms };
}

function checkTwice(jwt: readonly JwtSettings[], path: FieldPath, errors: FieldError[]): void {
  const [urls, discoveryUrls] = [new Set<string>(), new Set<string>()];
  for (const [index, { issuerUrl, discoveryUrl }] of jwt.entries()) {
    const at = path.index(index).child('issuer');
    if (urls.has(issuerUrl)) errors.push(duplicate(at.child('url'), issuerUrl));
    urls.add(issuerUrl);
    if (discoveryUrl === '') continue;
    if (discoveryUrls.has(discoveryUrl))
      errors.push(duplicate(at.child('discoveryURL'), discoveryUrl));
    discoveryUrls.add(discoveryUrl);
  }
}

function anonymousOf(entry: ConfigObject | null, errors: FieldError[]): AnonymousPolicy | null {
  if (entry === null) return null;
  const isEnabled = entry.flag('enabled', false);
  const paths = entry.objects('conditions').map((condition) => {
    const path = condition.text('path');
    condition.end();
    return path;
  });
  entry.end();
  if (!isEnabled) {
    if (paths.length === 0) return { mode: 'off' };
    const detail = 'enabled should be set to true when conditions are defined';
    const shown = paths.map((path) => ({ path }));
    errors.push(invalidValue(fieldPath('anonymous', 'conditions'), shown, detail));
  }
  return paths.length === 0 ? { mode: 'on' } : { mode: 'paths', paths };
}
