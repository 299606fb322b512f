import { X509Certificate } from 'node:crypto';
import type { FieldError } from '../../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import type { ConfigObject } from '../../configuration/config-object.js';
import type { JwtSettings } from './jwt-settings.js';

/** What a configuration says of an issuer itself. */
export type IssuerSettings = Pick<
  JwtSettings,
  'issuerUrl' | 'discoveryUrl' | 'caPem' | 'audiences'
>;

/** Reads `issuer` of an authenticator; what is wrong with it is added to `errors`. No issuer has one of these other URLs. */
export function issuerOf(
  entry: ConfigObject | null,
  path: FieldPath,
  otherUrls: readonly string[],
  errors: FieldError[],
): IssuerSettings {
  const issuerUrl = entry?.text('url') ?? '';
  const discoveryUrl = entry?.text('discoveryURL') ?? '';
  const caPem = entry?.text('certificateAuthority') ?? '';
  const audiences = entry?.texts('audiences') ?? [];
  const policy = entry?.text('audienceMatchPolicy') ?? '';
  const egress = entry?.text('egressSelectorType') ?? '';
  entry?.end();
  if (issuerUrl === '') errors.push(required(path.child('url'), ''));
  else checkUrl(issuerUrl, path.child('url'), otherUrls, errors);
  if (discoveryUrl !== '')
    checkDiscoveryUrl(discoveryUrl, issuerUrl, path.child('discoveryURL'), errors);
  checkAudiences(audiences, policy, path, errors);
  checkAuthority(caPem, path.child('certificateAuthority'), errors);
  if (egress !== '') {
    const detail = 'egress selectors are not supported here: leave it out';
    errors.push(invalidValue(path.child('egressSelectorType'), egress, detail));
  }
  return { issuerUrl, discoveryUrl, caPem, audiences };
}

function checkDiscoveryUrl(
  url: string,
  issuerUrl: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const bare = (text: string) => text.replace(/\/+$/, '');
  if (issuerUrl !== '' && bare(issuerUrl) === bare(url))
    errors.push(invalidValue(path, url, 'discoveryURL must be different from URL'));
  checkUrl(url, path, [], errors);
}

function checkUrl(
  text: string,
  path: FieldPath,
  otherUrls: readonly string[],
  errors: FieldError[],
): void {
  const refuse = (detail: string) => errors.push(invalidValue(path, text, detail));
  if (otherUrls.includes(text)) {
    const listed = `[${[...otherUrls].sort().join(' ')}]`;
    refuse(`URL must not overlap with disallowed issuers: ${listed}`);
  }
  if (!URL.canParse(text)) {
    refuse(/^[a-z][a-z0-9+.-]*:/i.test(text) ? 'it is no URL' : 'URL scheme must be https');
    return;
  }
  const url = new URL(text);
  if (url.protocol !== 'https:') refuse('URL scheme must be https');
  if (url.username !== '' || url.password !== '')
    refuse('URL must not contain a username or password');
  if (url.search !== '') refuse('URL must not contain a query');
  if (url.hash !== '') refuse('URL must not contain a fragment');
}

function checkAudiences(
  audiences: readonly string[],
  policy: string,
  issuer: FieldPath,
  errors: FieldError[],
): void {
  const path = issuer.child('audiences');
  if (audiences.length === 0) {
    errors.push(required(path, `at least one ${path} is required`));
    return;
  }
  for (const [index, audience] of audiences.entries()) {
    if (audience === '') errors.push(required(path.index(index), ''));
    if (audiences.indexOf(audience) < index) errors.push(duplicate(path.index(index), audience));
  }
  const at = issuer.child('audienceMatchPolicy');
  if (policy === 'MatchAny') return;
  if (audiences.length > 1) {
    const detail = 'audienceMatchPolicy must be MatchAny for multiple audiences';
    errors.push(invalidValue(at, policy, detail));
  } else if (policy !== '') {
    const detail = 'audienceMatchPolicy must be empty or MatchAny for single audience';
    errors.push(invalidValue(at, policy, detail));
  }
}

function checkAuthority(pem: string, path: FieldPath, errors: FieldError[]): void {
  if (pem === '') return;
  try {
    new X509Certificate(pem);
  } catch {
    const detail = 'data does not contain any valid RSA or ECDSA certificates';
    errors.push(invalidValue(path, '<omitted>', detail));
  }
}
