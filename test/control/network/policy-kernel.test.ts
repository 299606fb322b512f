import t from 'tap';
import type {
  NetworkPolicy,
  NetworkPolicySpec,
} from '../../../src/control/api/gen/networking-v1.js';
import { NftWriter } from '../../../src/control/dataplane/nft-writer.js';
import { policyPods } from '../../../src/control/network/policy/cluster-pods.js';
import { planPolicies, policyTable } from '../../../src/control/network/policy/plan-policies.js';
import {
  askFrom,
  attachOutside,
  attachPod,
  labHost,
  needsNetwork,
  serve,
  silentMs,
} from '../proxy/network-lab.js';

const namespaces = new Map(
  ['default', 'other'].map((name) => [name, { metadata: { name, labels: { team: name } } }]),
);

function pod(namespace: string, name: string, ips: string[], nodeName = 'n1') {
  const containers = [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }];
  return {
    metadata: { namespace, name, labels: { app: name } },
    spec: { nodeName, containers },
    status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })) },
  };
}

const toA = { podSelector: { matchLabels: { app: 'a' } } };
const fromA = { ...toA, policyTypes: ['Egress'] };
const ipBlock = { cidr: '10.244.0.0/24', except: ['10.244.0.4/32'] };
const isB = { podSelector: { matchLabels: { app: 'b' } } };
const otherTeam = { namespaceSelector: { matchLabels: { team: 'other' } } };

/** What a policy `x` in `default` lets through, as `client>server:port`. */
const cases: readonly (readonly [name: string, spec: NetworkPolicySpec, through: string])[] = [
  [
    'no policy type',
    { ...toA, policyTypes: [] },
    'b>a:80 c>a:80 b>a:90 a>b:80 out>a:80 a>out:80 b6>a6:80',
  ],
  ['default deny', { ...toA, policyTypes: ['Ingress'] }, 'a>b:80 a>out:80'],
  [
    'everything',
    { ...toA, ingress: [{}] },
    'b>a:80 c>a:80 b>a:90 a>b:80 out>a:80 a>out:80 b6>a6:80',
  ],
  [
    'a port',
    { ...toA, ingress: [{ ports: [{ port: 8080 }] }] },
    'b>a:80 c>a:80 a>b:80 out>a:80 a>out:80 b6>a6:80',
  ],
  [
    'a range',
    { ...toA, ingress: [{ ports: [{ port: 9000, endPort: 9100 }] }] },
    'b>a:90 a>b:80 a>out:80',
  ],
  [
    'a named port',
    { ...toA, ingress: [{ ports: [{ port: 'web' }] }] },
    'b>a:80 c>a:80 a>b:80 out>a:80 a>out:80 b6>a6:80',
  ],
  ['another protocol', { ...toA, ingress: [{ ports: [{ protocol: 'UDP' }] }] }, 'a>b:80 a>out:80'],
  [
    'a pod of the namespace',
    { ...toA, ingress: [{ from: [isB] }] },
    'b>a:80 b>a:90 a>b:80 a>out:80 b6>a6:80',
  ],
  ['a namespace', { ...toA, ingress: [{ from: [otherTeam] }] }, 'c>a:80 a>b:80 a>out:80'],
  [
    'a pod of a namespace',
    { ...toA, ingress: [{ from: [{ ...otherTeam, ...isB }] }] },
    'a>b:80 a>out:80',
  ],
  [
    'two peers',
    { ...toA, ingress: [{ from: [otherTeam, isB] }] },
    'b>a:80 c>a:80 b>a:90 a>b:80 a>out:80 b6>a6:80',
  ],
  ['a block', { ...toA, ingress: [{ from: [{ ipBlock }] }] }, 'b>a:80 b>a:90 a>b:80 a>out:80'],
  [
    'all addresses',
    { ...toA, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
    'b>a:80 c>a:80 b>a:90 a>b:80 out>a:80 a>out:80',
  ],
  ['egress denied', fromA, 'b>a:80 c>a:80 b>a:90 out>a:80 b6>a6:80'],
  [
    'egress to a pod',
    { ...fromA, egress: [{ to: [isB] }] },
    'b>a:80 c>a:80 b>a:90 a>b:80 out>a:80 b6>a6:80',
  ],
  [
    'egress to a block',
    { ...fromA, egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }] },
    'b>a:80 c>a:80 b>a:90 out>a:80 a>out:80 b6>a6:80',
  ],
  [
    'egress to a named port',
    { ...fromA, egress: [{ ports: [{ port: 'web' }] }] },
    'b>a:80 c>a:80 b>a:90 a>b:80 out>a:80 b6>a6:80',
  ],
];

t.test(
  'planPolicies in a kernel lets through what policies say, and the node in',
  needsNetwork('nft'),
  async (t) => {
    const node = await labHost(t, 'node', ['10.244.0.1/24', 'fd00:244::1/64']);
    const attach = (name: string, n: number) =>
      attachPod(t, node, name, [`10.244.0.${n}/24`, `fd00:244::${n}/64`]);
    const a = await attach('a', 2);
    const b = await attach('b', 3);
    const c = await attach('c', 4);
    const out = await attachOutside(t, node);
    for (const [at, says] of [
      [a, 'a'],
      [b, 'b'],
      [out, 'out'],
    ] as const)
      await serve(t, at, { says, port: 8080, host: '::' });
    await serve(t, a, { says: 'a', port: 9090, host: '::' });
    const pods = policyPods(
      [
        pod('default', 'a', ['10.244.0.2', 'fd00:244::2']),
        pod('default', 'b', ['10.244.0.3', 'fd00:244::3']),
        pod('other', 'c', ['10.244.0.4', 'fd00:244::4']),
      ],
      namespaces,
      'n1',
    );
    const ways = [
      ['b>a:80', b, '10.244.0.2', 8080],
      ['c>a:80', c, '10.244.0.2', 8080],
      ['b>a:90', b, '10.244.0.2', 9090],
      ['a>b:80', a, '10.244.0.3', 8080],
      ['out>a:80', out, '10.244.0.2', 8080],
      ['a>out:80', a, '192.0.2.9', 8080],
      ['b6>a6:80', b, 'fd00:244::2', 8080],
    ] as const;
    const waysThrough = async (expected: readonly string[]) => {
      const answers = await Promise.all(
        ways.map(async ([way, from, host, port]) => {
          const isExpected = expected.includes(way);
          const [answer] = await askFrom(t, from, host, port, isExpected ? {} : { silentMs });
          return /^(a|b|out) /.test(answer ?? '') ? [way] : [];
        }),
      );
      return answers.flat();
    };
    const writer = new NftWriter({ run: node.run, at: policyTable });
    for (const [name, spec, through] of cases) {
      const policy: NetworkPolicy = { metadata: { namespace: 'default', name: 'x' }, spec };
      await writer.write(planPolicies([policy], pods));
      const expected = through.split(' ');
      t.same(await waysThrough(expected), expected, name);
      t.match(await askFrom(t, node, '10.244.0.2', 8080), [/^a /], `${name}: the node comes in`);
    }
  },
);
