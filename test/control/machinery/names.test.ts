import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import {
  cidrContains,
  formatCidr,
  parseCidr,
  parseIp,
} from '../../../src/control/machinery/ip-address.js';
import {
  canonicalCidrProblems,
  canonicalIpProblems,
  cIdentifierProblems,
  cidrProblems,
  configMapKeyProblems,
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  httpHeaderNameProblems,
  ipProblems,
  labelValueProblems,
  nameProblems,
  pathSegmentProblems,
  percentProblems,
  portNameProblems,
  portNumberProblems,
  qualifiedNameProblems,
  relaxedEnvVarNameProblems,
  wildcardDnsProblems,
} from '../../../src/control/machinery/names.js';

const longest63 = 'a'.repeat(63);
const dnsLabelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelKeyText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueText =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const portCharsText = 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)';
const configKeyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

type Rule = (value: string) => string[];
const rules: [name: string, rule: Rule, value: string, problems: string[]][] = [
  ['dnsLabelProblems', dnsLabelProblems, 'a-1', []],
  ['dnsLabelProblems', dnsLabelProblems, longest63, []],
  ['dnsLabelProblems', dnsLabelProblems, `${longest63}a`, ['must be no more than 63 characters']],
  ['dnsLabelProblems', dnsLabelProblems, 'a.b', ['must not contain dots']],
  ['dnsLabelProblems', dnsLabelProblems, 'A', [dnsLabelText]],
  ['dnsLabelProblems', dnsLabelProblems, '', [dnsLabelText]],
  ['dnsLabelProblems', dnsLabelProblems, '-', [dnsLabelText]],
  ['dnsLabelProblems', dnsLabelProblems, 'a\n', [dnsLabelText]],
  ['dnsSubdomainProblems', dnsSubdomainProblems, 'a.b-c.1', []],
  ['dnsSubdomainProblems', dnsSubdomainProblems, 'a..b', [subdomainText]],
  ['dnsSubdomainProblems', dnsSubdomainProblems, 'a.', [subdomainText]],
  [
    'dnsSubdomainProblems',
    dnsSubdomainProblems,
    'a'.repeat(254),
    ['must be no more than 253 characters'],
  ],
  [
    'dnsSubdomainProblems',
    dnsSubdomainProblems,
    'é'.repeat(127),
    ['must be no more than 253 characters', subdomainText],
  ],
  [
    'dns1035LabelProblems',
    dns1035LabelProblems,
    '1a',
    [
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  ['dns1035LabelProblems', dns1035LabelProblems, 'a1', []],
  ['wildcardDnsProblems', wildcardDnsProblems, '*.a.b', []],
  [
    'wildcardDnsProblems',
    wildcardDnsProblems,
    '*.*.b',
    [
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  ['qualifiedNameProblems', qualifiedNameProblems, 'a.b/C_d', []],
  ['qualifiedNameProblems', qualifiedNameProblems, 'C_d.e', []],
  [
    'qualifiedNameProblems',
    qualifiedNameProblems,
    '',
    ['name part must be non-empty', `name part ${labelKeyText}`],
  ],
  ['qualifiedNameProblems', qualifiedNameProblems, '/a', ['prefix part must be non-empty']],
  ['qualifiedNameProblems', qualifiedNameProblems, 'A/a', [`prefix part ${subdomainText}`]],
  [
    'qualifiedNameProblems',
    qualifiedNameProblems,
    `${'a'.repeat(254)}/${longest63}b`,
    ['prefix part must be no more than 253 bytes', 'name part must be no more than 63 bytes'],
  ],
  [
    'qualifiedNameProblems',
    qualifiedNameProblems,
    'a/b/c',
    [
      `a valid label key ${labelKeyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
  ],
  [
    'qualifiedNameProblems',
    qualifiedNameProblems,
    'a//b',
    [
      `a valid label key ${labelKeyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ],
  ],
  ['labelValueProblems', labelValueProblems, '', []],
  ['labelValueProblems', labelValueProblems, 'A_b.c-1', []],
  ['labelValueProblems', labelValueProblems, longest63, []],
  ['qualifiedNameProblems', qualifiedNameProblems, longest63, []],
  ['labelValueProblems', labelValueProblems, 'a b', [labelValueText]],
  [
    'labelValueProblems',
    labelValueProblems,
    `${longest63}-`,
    ['must be no more than 63 bytes', labelValueText],
  ],
  ['portNameProblems', portNameProblems, 'http-1', []],
  [
    'portNameProblems',
    portNameProblems,
    '',
    [portCharsText, 'must contain at least one letter (a-z)'],
  ],
  [
    'portNameProblems',
    portNameProblems,
    '-80--',
    [
      'must contain at least one letter (a-z)',
      'must not contain consecutive hyphens',
      'must not begin or end with a hyphen',
    ],
  ],
  [
    'portNameProblems',
    portNameProblems,
    'abcdefghijklmnop',
    ['must be no more than 15 characters'],
  ],
  ['portNameProblems', portNameProblems, 'aB', [portCharsText]],
  ['pathSegmentProblems', pathSegmentProblems, 'system:node', []],
  ['pathSegmentProblems', pathSegmentProblems, '..', ["may not be '..'"]],
  [
    'pathSegmentProblems',
    pathSegmentProblems,
    'a/b%',
    ["may not contain '/'", "may not contain '%'"],
  ],
  ['relaxedEnvVarNameProblems', relaxedEnvVarNameProblems, '1 a:/', []],
  [
    'relaxedEnvVarNameProblems',
    relaxedEnvVarNameProblems,
    '',
    ['environment variable name must be non-empty'],
  ],
  [
    'relaxedEnvVarNameProblems',
    relaxedEnvVarNameProblems,
    'a=b',
    [
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    ],
  ],
  [
    'relaxedEnvVarNameProblems',
    relaxedEnvVarNameProblems,
    'aé',
    [
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    ],
  ],
  ['configMapKeyProblems', configMapKeyProblems, '__proto__', []],
  ['configMapKeyProblems', configMapKeyProblems, '.', ["must not be '.'"]],
  ['configMapKeyProblems', configMapKeyProblems, '..a', ["must not start with '..'"]],
  ['configMapKeyProblems', configMapKeyProblems, '', [configKeyText]],
  ['configMapKeyProblems', configMapKeyProblems, 'a/b', [configKeyText]],
  ['cIdentifierProblems', cIdentifierProblems, '_a1', []],
  [
    'cIdentifierProblems',
    cIdentifierProblems,
    '1a',
    [
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
    ],
  ],
  ['httpHeaderNameProblems', httpHeaderNameProblems, 'X-A', []],
  [
    'httpHeaderNameProblems',
    httpHeaderNameProblems,
    'X_A',
    [
      "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    ],
  ],
  ['percentProblems', percentProblems, '25%', []],
  [
    'percentProblems',
    percentProblems,
    '%',
    [
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ],
  ],
];
for (const [name, rule, value, problems] of rules) {
  t.test(
    `${name} of ${JSON.stringify(value).slice(0, 40)}: ${problems.length} problems`,
    async (t) => {
      t.strictSame(rule(value), problems);
    },
  );
}

const worded: Rule[] = [
  dnsLabelProblems,
  dnsSubdomainProblems,
  dns1035LabelProblems,
  wildcardDnsProblems,
  labelValueProblems,
  configMapKeyProblems,
  cIdentifierProblems,
  httpHeaderNameProblems,
  percentProblems,
];
t.test('each rule agrees with the regular expression in its own text, seed 1', async (t) => {
  const prng = new Prng(1);
  const alphabet = ['a', 'Z', '0', '-', '.', '_', '*', '%', ' ', 'é', '/', '\n'];
  for (const rule of worded) {
    const text = rule('\0').join();
    const regex = /regex used for validation is '(.*)'\)/.exec(text)?.[1];
    if (regex === undefined) throw new Error(`no regular expression in ${text}`);
    const whole = new RegExp(`^(?:${regex})$`);
    for (let i = 0; i < 4000; i++) {
      const value = Array.from({ length: prng.int(0, 7) }, () => prng.pick(alphabet)).join('');
      // What is worded otherwise has nothing to do with the expression.
      const problems = rule(value).filter((problem) => !problem.startsWith('must not '));
      const dots = rule(value).includes('must not contain dots');
      if ((problems.length === 0 && !dots) !== whole.test(value))
        t.fail(`${rule.name} of ${value}`);
    }
  }
});

t.test('the rules take time in proportion to the length of a hostile name', async (t) => {
  const hostile = [`${'a'.repeat(1e6)}!`, `${'a.'.repeat(5e5)}!`, `${'-'.repeat(1e6)}!`];
  for (const rule of [...worded, qualifiedNameProblems, portNameProblems]) {
    for (const value of hostile) t.ok(rule(value).length > 0, rule.name);
  }
});

t.test('portNumberProblems takes 1 to 65535', async (t) => {
  t.strictSame(portNumberProblems(1), []);
  t.strictSame(portNumberProblems(65_535), []);
  for (const port of [0, 65_536, -1]) {
    t.strictSame(portNumberProblems(port), ['must be between 1 and 65535, inclusive']);
  }
});

t.test('nameProblems lets a generateName end with a dash', async (t) => {
  t.strictSame(nameProblems('dns-subdomain', 'a-', true), []);
  t.strictSame(nameProblems('dns-subdomain', 'a-', false), [subdomainText]);
  t.strictSame(nameProblems('dns-label', 'web-', true), []);
  t.strictSame(nameProblems('dns-1035-label', 'web-', true), []);
  t.strictSame(nameProblems('dns-label', '-', true), [dnsLabelText]);
  t.strictSame(nameProblems('path-segment', '.', true), []);
  t.strictSame(nameProblems('path-segment', '.', false), ["may not be '.'"]);
});

const ips: [value: string, problem: string, canonicalProblem: string][] = [
  ['10.0.0.1', '', ''],
  ['255.255.255.255', '', ''],
  ['1:0:0:2:0:0:3:4', '', 'must be in canonical form ("1::2:0:0:3:4")'],
  ['::', '', ''],
  ['::1', '', ''],
  ['2001:db8::ffff', '', ''],
  ['FE80:0:0:0:0:0:0:0abc', '', 'must be in canonical form ("fe80::abc")'],
  ['1:0:0:2:0:0:0:3', '', 'must be in canonical form ("1:0:0:2::3")'],
  ['1:2:3:4:5:6:7::', '', 'must be in canonical form ("1:2:3:4:5:6:7:0")'],
  ['64:ff9b::1.2.3.4', '', 'must be in canonical form ("64:ff9b::102:304")'],
  ...['010.0.0.1', '1:00002::3', '::01.2.3.4'].map((value): [string, string, string] => [
    value,
    'must not have leading 0s',
    'must not have leading 0s',
  ]),
  ...['::ffff:1.2.3.4', '::ffff:102:304'].map((value): [string, string, string] => [
    value,
    'must not be an IPv4-mapped IPv6 address',
    'must not be an IPv4-mapped IPv6 address',
  ]),
  ...[
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1.2.3.-4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::1%eth0',
    '12345::',
    'g::',
    '1.2.3.4::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1:2:3:4:5:6:7:8::',
    ' 1.2.3.4',
    '1.2.3.4 ',
  ].map((value): [string, string, string] => {
    const text = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    return [value, text, text];
  }),
];
for (const [value, problem, canonicalProblem] of ips) {
  t.test(`ipProblems of '${value}': ${problem || canonicalProblem || 'none'}`, async (t) => {
    t.strictSame(ipProblems(value), problem === '' ? [] : [problem]);
    t.strictSame(canonicalIpProblems(value), canonicalProblem === '' ? [] : [canonicalProblem]);
  });
}

const cidrs: [value: string, problem: string, canonicalProblem: string][] = [
  ['10.0.0.0/8', '', ''],
  ['0.0.0.0/0', '', ''],
  ['1.2.3.4/32', '', ''],
  ['2001:db8::/64', '', ''],
  ['::/0', '', ''],
  ['2001:DB8::/64', '', 'must be in canonical form ("2001:db8::/64")'],
  ...['10.0.0.1/8', '2001:db8::1/64'].map((value): [string, string, string] => [
    value,
    'must not have bits set beyond the prefix length',
    'must not have bits set beyond the prefix length',
  ]),
  ...['10.0.0.0/08', '010.0.0.0/8'].map((value): [string, string, string] => [
    value,
    'must not have leading 0s in IP or prefix length',
    'must not have leading 0s in IP or prefix length',
  ]),
  [
    '::ffff:10.0.0.0/104',
    'must not have an IPv4-mapped IPv6 address',
    'must not have an IPv4-mapped IPv6 address',
  ],
  ...[
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '/8',
    'a/8',
    '10.0.0.0/8/8',
  ].map((value): [string, string, string] => {
    const text = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    return [value, text, text];
  }),
];
for (const [value, problem, canonicalProblem] of cidrs) {
  t.test(`cidrProblems of '${value}': ${problem || canonicalProblem || 'none'}`, async (t) => {
    t.strictSame(cidrProblems(value), problem === '' ? [] : [problem]);
    t.strictSame(canonicalCidrProblems(value), canonicalProblem === '' ? [] : [canonicalProblem]);
  });
}

const contained: [network: string, address: string, isIn: boolean][] = [
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['0.0.0.0/0', '1.2.3.4', true],
  ['1.2.3.4/32', '1.2.3.4', true],
  ['1.2.3.4/32', '1.2.3.5', false],
  ['::/0', '1.2.3.4', false],
  ['2001:db8::/33', '2001:db8:7fff::', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['::ffff:10.0.0.0/104', '10.9.9.9', true],
  ['::ffff:10.0.0.0/104', '11.0.0.0', false],
];
for (const [network, address, isIn] of contained) {
  t.test(`cidrContains: ${address} is ${isIn ? '' : 'not '}in ${network}`, async (t) => {
    t.equal(cidrContains(parseCidr(network)!, parseIp(address)!.address), isIn);
  });
}

t.test('formatCidr clears what is behind the prefix', async (t) => {
  t.equal(formatCidr(parseCidr('10.1.2.3/12')!), '10.0.0.0/12');
  t.equal(formatCidr(parseCidr('2001:db8::1/64')!), '2001:db8::/64');
});
