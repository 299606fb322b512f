import t from 'tap';
import type { Pod, Secret, ServiceAccount } from '../../../../src/control/api/gen/core-v1.js';
import { planCleaning } from '../../../../src/control/controllers/legacy-token-cleaner/plan.js';

const account: ServiceAccount = {
  metadata: { name: 'a', namespace: 'n', uid: 'u' },
  secrets: [{ name: 'own' }],
};

function secret({
  name = 'own',
  created = '2024-01-01T00:00:00Z',
  labels = {} as Record<string, string>,
  uid = 'u',
} = {}): Secret {
  return {
    metadata: {
      ...{ name, namespace: 'n', creationTimestamp: created, labels },
      annotations: {
        'kubernetes.io/service-account.name': 'a',
        'kubernetes.io/service-account.uid': uid,
      },
    },
    type: 'kubernetes.io/service-account-token',
  };
}

const used = (day: string) => ({ 'kubernetes.io/legacy-token-last-used': day });
const invalid = (day: string) => ({ 'kubernetes.io/legacy-token-invalid-since': day });

const mounting: Pod = {
  metadata: { name: 'p', namespace: 'n' },
  spec: { volumes: [{ name: 'v', secret: { secretName: 'own' } }] },
};

const cases: readonly {
  readonly name: string;
  readonly secret: Secret;
  readonly pods?: readonly Pod[];
  readonly trackedSince?: string;
  readonly becomes: 'kept' | 'invalidated' | 'deleted';
}[] = [
  { name: 'never used', secret: secret(), becomes: 'invalidated' },
  { name: 'used long ago', secret: secret({ labels: used('2024-12-31') }), becomes: 'invalidated' },
  { name: 'used lately', secret: secret({ labels: used('2025-06-01') }), becomes: 'kept' },
  { name: 'young', secret: secret({ created: '2025-06-01T00:00:00Z' }), becomes: 'kept' },
  { name: 'mounted', secret: secret(), pods: [mounting], becomes: 'kept' },
  { name: 'made by hand', secret: secret({ name: 'other' }), becomes: 'kept' },
  { name: 'of an earlier account', secret: secret({ uid: 'v' }), becomes: 'kept' },
  {
    name: 'use noted for too short a time',
    secret: secret(),
    trackedSince: '2025-06-01',
    becomes: 'kept',
  },
  { name: 'use not noted', secret: secret(), trackedSince: '', becomes: 'kept' },
  {
    name: 'switched off lately',
    secret: secret({ labels: invalid('2025-12-01') }),
    becomes: 'kept',
  },
  {
    name: 'switched off long ago',
    secret: secret({ labels: invalid('2024-12-01') }),
    becomes: 'deleted',
  },
  {
    name: 'a label that is no day',
    secret: secret({ labels: used('yesterday') }),
    becomes: 'kept',
  },
];

for (const { name, secret, pods = [], trackedSince = '2024-06-01', becomes } of cases) {
  t.test(`planCleaning: ${name}`, async (t) => {
    const plan = planCleaning({
      ...{ secrets: [secret], pods, trackedSince },
      accounts: new Map([['n/a', account]]),
      nowMs: Date.parse('2026-01-01T00:00:00Z'),
      periodMs: 365 * 86_400_000,
    });
    t.equal(plan.invalidate.length, becomes === 'invalidated' ? 1 : 0);
    t.equal(plan.delete.length, becomes === 'deleted' ? 1 : 0);
  });
}
