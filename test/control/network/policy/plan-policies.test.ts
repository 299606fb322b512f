import t from 'tap';
import type { NetworkPolicy } from '../../../../src/control/api/gen/networking-v1.js';
import type { PolicyPod } from '../../../../src/control/network/policy/cluster-pods.js';
import { planPolicies } from '../../../../src/control/network/policy/plan-policies.js';

const pod: PolicyPod = {
  ...{ namespace: 'default', labels: { app: 'store' }, namespaceLabels: {}, isLocal: true },
  ips: [{ version: 4, text: '10.244.0.2' }],
  namedPorts: new Map([['tcp http', 8080]]),
};

const peers = [
  ['pods', { podSelector: {} }],
  ['a block', { ipBlock: { cidr: '10.0.0.0/8' } }],
  ['all addresses', { ipBlock: { cidr: '0.0.0.0/0' } }],
  ['all addresses of version 6', { ipBlock: { cidr: '::/0' } }],
] as const;

for (const [title, peer] of peers) {
  t.test(`planPolicies: ports by name and ${title} are asked for in one version`, async (t) => {
    const policy: NetworkPolicy = {
      metadata: { name: 'p', namespace: 'default' },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [peer], ports: [{ protocol: 'TCP', port: 'http' }] }],
      },
    };
    const { objects } = planPolicies([policy], [pod]);
    const rules = [...objects.values()].flatMap((object) =>
      object.kind === 'chain' ? object.rules : [],
    );
    const named = rules.filter((rule) => rule.includes('th dport @'));
    t.ok(named.length > 0, 'there are rules for the name');
    for (const rule of named) {
      const versions = new Set([
        ...(/\bip (saddr|daddr)|nfproto ipv4/.test(rule) ? [4] : []),
        ...(/\bip6 (saddr|daddr)|nfproto ipv6/.test(rule) ? [6] : []),
      ]);
      t.equal(versions.size, 1, rule);
    }
  });
}
