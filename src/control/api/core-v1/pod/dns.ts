import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../../machinery/field-path.js';
import { dnsSubdomainProblems, regexProblem } from '../../../machinery/names.js';
import { utf8Length } from '../../../machinery/quote.js';
import type { HostAlias, PodDNSConfig, PodSpec } from '../../gen/core-v1.js';
import { addProblems, checkDnsSubdomain, type FieldErrors, isUnset } from '../field-checks.js';
import { checkIp } from '../ip-rules.js';

const nameserverMax = 3;
const searchMax = 32;
const searchLengthMax = 2048;

/** How names are resolved in a pod. */
export function checkDnsConfig(
  config: PodDNSConfig | undefined,
  policy: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (policy === 'None' && !config?.nameservers?.length) {
    errors.push(
      config === undefined
        ? required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')
        : required(
            path.child('nameservers'),
            'must provide at least one DNS nameserver when `dnsPolicy` is None',
          ),
    );
    return;
  }
  if (config === undefined) return;
  checkNameservers(config.nameservers ?? [], path.child('nameservers'), errors);
  checkSearches(config.searches ?? [], path.child('searches'), errors);
  config.options?.forEach((option, at) => {
    if (!isUnset(option.name)) return;
    errors.push(required(path.child('options').index(at), 'must not be empty'));
  });
}

function checkNameservers(
  nameservers: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (nameservers.length > nameserverMax) {
    const text = `must not have more than ${nameserverMax} nameservers`;
    errors.push(invalidValue(path, nameservers, text));
  }
  nameservers.forEach((nameserver, at) => {
    checkIp(nameserver, path.index(at), errors);
  });
}

function checkSearches(searches: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (searches.length > searchMax) {
    const text = `must not have more than ${searchMax} search paths`;
    errors.push(invalidValue(path, searches, text));
  }
  if (utf8Length(searches.join(' ')) > searchLengthMax) {
    const text = `must not have more than ${searchLengthMax} characters (including spaces) in the search list`;
    errors.push(invalidValue(path, searches, text));
  }
  searches.forEach((written, at) => {
    if (written === '.') return;
    const search = written.endsWith('.') ? written.slice(0, -1) : written;
    addProblems(searchProblems(search), path.index(at), search, errors);
  });
}

const searchPart = '[a-z0-9_]([-_a-z0-9]*[a-z0-9])?';
const searchRegex = `${searchPart}(\\.${searchPart})*`;
const searchFormat = new RegExp(`^${searchRegex}$`);

/** As for a DNS name, with underscores; the problem of the length is the same. */
function searchProblems(search: string): string[] {
  const problems = dnsSubdomainProblems('a'.repeat(utf8Length(search)));
  const tooLongText = problems.filter((problem) => problem.startsWith('must be no more than'));
  if (searchFormat.test(search)) return tooLongText;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  return [...tooLongText, regexProblem(text, searchRegex, 'example.com')];
}

/** Names that a pod knows beside those of DNS. */
export function checkHostAliases(
  aliases: readonly HostAlias[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  aliases?.forEach(({ ip = '', hostnames }, at) => {
    checkIp(ip, path.index(at).child('ip'), errors);
    hostnames?.forEach((hostname, nameAt) => {
      checkDnsSubdomain(hostname, path.index(at).child('hostnames').index(nameAt), errors);
    });
  });
}

const hostnameMax = 64;

/** The name that a pod has for itself in place of its own. */
export function checkHostnameOverride(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const at = path.child('hostnameOverride');
  if (spec.setHostnameAsFQDN) {
    errors.push(forbiddenField(at, 'may not be specified when setHostnameAsFQDN is true'));
  }
  if (spec.hostNetwork) {
    errors.push(forbiddenField(at, 'may not be specified when hostNetwork is true'));
  }
  if (utf8Length(name) > hostnameMax) errors.push(tooLong(at, name, hostnameMax));
  checkDnsSubdomain(name, at, errors);
}
