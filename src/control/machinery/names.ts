import {
  alphanumeric,
  dash,
  digit,
  dot,
  isAllOf,
  isOneOf,
  isWord,
  lower,
  lowerAlphanumeric,
  underscore,
  upper,
} from './character-classes.js';
import { isPrintable, utf8Length } from './quote.js';

/**
 * Rules for names and other short texts (apimachinery's validation). Each returns what is wrong, as clients read it, and an
 * empty list for a good text. The regular expressions in the texts are what the API promises; the checks are plain scans.
 */

const dnsLabelMax = 63;
const dnsSubdomainMax = 253;
const labelMax = 63;
const portNameMax = 15;

const dnsLabelRegex = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsSubdomainRegex = `${dnsLabelRegex}(\\.${dnsLabelRegex})*`;
const dns1035LabelRegex = '[a-z]([-a-z0-9]*[a-z0-9])?';
const wildcardDnsRegex = `\\*\\.${dnsSubdomainRegex}`;
const labelNameRegex = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const dnsWord = {
  first: lowerAlphanumeric,
  inner: lowerAlphanumeric | dash,
  last: lowerAlphanumeric,
};
const dns1035Word = { ...dnsWord, first: lower };
const labelWord = {
  first: alphanumeric,
  inner: alphanumeric | dash | underscore | dot,
  last: alphanumeric,
};

/** A label of a DNS name (RFC 1123), at most 63 characters: namespaces, containers. */
export function dnsLabelProblems(value: string): string[] {
  const problems = maxLength(value, dnsLabelMax);
  if (isWord(value, dnsWord)) return problems;
  if (isDnsSubdomain(value)) return [...problems, 'must not contain dots'];
  const text =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " +
    'and must start and end with an alphanumeric character';
  return [...problems, regexProblem(text, dnsLabelRegex, 'my-name', '123-abc')];
}

/** A DNS name (RFC 1123), at most 253 characters: the names of most objects. */
export function dnsSubdomainProblems(value: string): string[] {
  const problems = maxLength(value, dnsSubdomainMax);
  if (isDnsSubdomain(value)) return problems;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
    'and must start and end with an alphanumeric character';
  return [...problems, regexProblem(text, dnsSubdomainRegex, 'example.com')];
}

/** A label of a DNS name as RFC 1035 had it, not starting with a digit: services before their rule was relaxed. */
export function dns1035LabelProblems(value: string): string[] {
  const problems = maxLength(value, dnsLabelMax);
  if (isWord(value, dns1035Word)) return problems;
  const text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', " +
    'start with an alphabetic character, and end with an alphanumeric character';
  return [...problems, regexProblem(text, dns1035LabelRegex, 'my-name', 'abc-123')];
}

/** A DNS name whose first label is `*` (RFC 1034 section 4.3.3). */
export function wildcardDnsProblems(value: string): string[] {
  const problems = maxLength(value, dnsSubdomainMax);
  if (value.startsWith('*.') && isDnsSubdomain(value, 2)) return problems;
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, " +
    "which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...problems, regexProblem(text, wildcardDnsRegex, '*.example.com')];
}

const labelNameText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const nameRegexProblem = regexProblem(
  labelNameText,
  labelNameRegex,
  'MyName',
  'my.name',
  '123-abc',
);

/** `name` or `prefix.example.com/name`: keys of labels and annotations, finalizers, resources of containers, conditions. */
export function qualifiedNameProblems(value: string): string[] {
  const slash = value.indexOf('/');
  if (slash !== -1 && value.indexOf('/', slash + 1) !== -1) {
    return [
      `a valid label key ${nameRegexProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const problems = slash === -1 ? [] : prefixProblems(value.slice(0, slash));
  const name = value.slice(slash + 1);
  if (name === '') problems.push('name part must be non-empty');
  else problems.push(...maxBytes(name, labelMax).map((problem) => `name part ${problem}`));
  if (!isWord(name, labelWord)) problems.push(`name part ${nameRegexProblem}`);
  return problems;
}

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  if (prefix.length <= dnsSubdomainMax && isDnsSubdomain(prefix)) return [];
  // The limit is worded in bytes within a qualified name, and in characters elsewhere.
  const problems = maxBytes(prefix, dnsSubdomainMax);
  problems.push(...dnsSubdomainProblems(prefix).slice(problems.length));
  return problems.map((problem) => `prefix part ${problem}`);
}

/** The value of a label. */
export function labelValueProblems(value: string): string[] {
  if (value === '') return [];
  const problems = maxBytes(value, labelMax);
  if (isWord(value, labelWord)) return problems;
  const text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
    'and must start and end with an alphanumeric character';
  return [...problems, regexProblem(text, `(${labelNameRegex})?`, 'MyValue', 'my_value', '12345')];
}

/** The name of a container's port (RFC 6335, lower case only). */
export function portNameProblems(value: string): string[] {
  const problems = maxLength(value, portNameMax);
  if (!isAllOf(value, lowerAlphanumeric | dash)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!hasOneOf(value, lower)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) {
    problems.push('must not begin or end with a hyphen');
  }
  return problems;
}

/** A port that can be connected to. */
export function portNumberProblems(value: number): string[] {
  return rangeProblems(value, 1, 65_535);
}

/** A number that must be between two others, both included. */
export function rangeProblems(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

/** What can stand in a URL as one segment: names of RBAC objects, and of whatever has no stricter rule. */
export function pathSegmentProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return pathSegmentPrefixProblems(value);
}

function pathSegmentPrefixProblems(value: string): string[] {
  return ['/', '%']
    .filter((part) => value.includes(part))
    .map((part) => `may not contain '${part}'`);
}

/** The name of an environment variable as the API takes it since 1.34: anything that can be seen but `=`. */
export function relaxedEnvVarNameProblems(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  for (const character of value) {
    if (character > '\x7f' || character === '=' || !isPrintable(character)) {
      return [
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      ];
    }
  }
  return [];
}

/** A key of a ConfigMap or Secret; it may become the name of a file. */
export function configMapKeyProblems(value: string): string[] {
  const problems = maxLength(value, dnsSubdomainMax);
  if (!isAllOf(value, alphanumeric | dash | underscore | dot)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(regexProblem(text, '[-._a-zA-Z0-9]+', 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...problems, ...parentDirectoryProblems(value)];
}

/** An identifier of the C language, of any length. */
export function cIdentifierProblems(value: string): string[] {
  const first = lower | upper | underscore;
  const inner = alphanumeric | underscore;
  if (isWord(value, { first, inner, last: inner })) return [];
  const text =
    "a valid C identifier must start with alphabetic character or '_', " +
    "followed by a string of alphanumeric characters or '_'";
  return [regexProblem(text, '[A-Za-z_][A-Za-z0-9_]*', 'my_name', 'MY_NAME', 'MyName')];
}

/** The name of an HTTP header, stricter than RFC 9110. */
export function httpHeaderNameProblems(value: string): string[] {
  if (isAllOf(value, alphanumeric | dash)) return [];
  const text = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return [regexProblem(text, '[-A-Za-z0-9]+', 'X-Header-Name')];
}

/** A whole percentage: `25%`. */
export function percentProblems(value: string): string[] {
  if (value.endsWith('%') && isAllOf(value, digit, 0, value.length - 1)) return [];
  const text = "a valid percent string must be a numeric string followed by an ending '%'";
  return [regexProblem(text, '[0-9]+%', '1%', '93%')];
}

export {
  canonicalCidrProblems,
  canonicalIpProblems,
  cidrProblems,
  ipProblems,
} from './ip-problems.js';

/** How the name of an object is checked; `path-segment` only refuses what cannot stand in a URL (`/`, `%`, `.`, `..`). */
export type NameRule = 'dns-subdomain' | 'dns-label' | 'dns-1035-label' | 'path-segment';

const nameRules: Readonly<Record<Exclude<NameRule, 'path-segment'>, (value: string) => string[]>> =
  {
    'dns-subdomain': dnsSubdomainProblems,
    'dns-label': dnsLabelProblems,
    'dns-1035-label': dns1035LabelProblems,
  };

/** What is wrong with an object's name; `isPrefix` for `generateName`, which may end with dashes. */
export function nameProblems(rule: NameRule, name: string, isPrefix: boolean): string[] {
  if (rule === 'path-segment') {
    return isPrefix ? pathSegmentPrefixProblems(name) : pathSegmentProblems(name);
  }
  return nameRules[rule](isPrefix ? withoutTrailingDash(name) : name);
}

function withoutTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

/** `text (e.g. 'a',  or 'b', regex used for validation is '...')`, as the API words a mismatch. */
export function regexProblem(text: string, regex: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${text} (regex used for validation is '${regex}')`;
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${text} (e.g. ${shown}regex used for validation is '${regex}')`;
}

function isDnsSubdomain(value: string, from = 0): boolean {
  let start = from;
  for (;;) {
    const end = value.indexOf('.', start);
    if (end === -1) return isWord(value, dnsWord, start);
    if (!isWord(value, dnsWord, start, end)) return false;
    start = end + 1;
  }
}

function hasOneOf(value: string, set: number): boolean {
  for (let at = 0; at < value.length; at++) {
    if (isOneOf(value, at, set)) return true;
  }
  return false;
}

function maxLength(value: string, max: number): string[] {
  return utf8Length(value) > max ? [`must be no more than ${max} characters`] : [];
}

function maxBytes(value: string, max: number): string[] {
  return utf8Length(value) > max ? [`must be no more than ${max} bytes`] : [];
}

function parentDirectoryProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`must not be '${value}'`];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}
