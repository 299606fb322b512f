import t from 'tap';
import {
  finalized,
  isEmptied,
  isToEmpty,
  type Remains,
  withConditions,
} from '../../../src/control/controllers/namespace/plan.js';
import { plannedConfigMap } from '../../../src/control/controllers/root-ca/plan.js';
import { missingAccounts } from '../../../src/control/controllers/service-account/plan.js';

const now = '2026-01-02T03:04:05Z';
const going = {
  metadata: { name: 'a', deletionTimestamp: now },
  spec: { finalizers: ['other', 'kubernetes'] },
  status: { phase: 'Terminating' },
};
const nothing: Remains = {
  ...{ countByResource: new Map(), countByFinalizer: new Map() },
  ...{ failures: [], undiscovered: [] },
};

t.test('a namespace is emptied while it is being deleted and has not been yet', (t) => {
  t.ok(isToEmpty(going));
  t.notOk(isToEmpty({ ...going, metadata: { name: 'a' } }));
  t.notOk(isToEmpty(finalized(going)));
  t.same(finalized(going).spec, { finalizers: ['other'] });
  t.end();
});

t.test('a namespace goes only when nothing is left and nothing is unknown', (t) => {
  t.ok(isEmptied(nothing));
  t.notOk(isEmptied({ ...nothing, countByResource: new Map([['pods.', 1]]) }));
  t.notOk(isEmptied({ ...nothing, failures: ['pods.: refused'] }));
  t.notOk(isEmptied({ ...nothing, undiscovered: ['a/v1'] }));
  t.end();
});

t.test('conditions tell what a namespace waits for, in the words of Kubernetes', (t) => {
  const remains: Remains = {
    ...nothing,
    countByResource: new Map([
      ['pods.', 2],
      ['deployments.apps', 1],
    ]),
    countByFinalizer: new Map([['example.com/x', 2]]),
  };
  const told = withConditions(going, remains, now);
  const of = (type: string) => told?.status?.conditions?.find((each) => each.type === type);
  t.match(of('NamespaceContentRemaining'), {
    status: 'True',
    reason: 'SomeResourcesRemain',
    message:
      'Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances',
    lastTransitionTime: now,
  });
  t.match(of('NamespaceFinalizersRemaining'), {
    status: 'True',
    message:
      'Some content in the namespace has finalizers remaining: example.com/x in 2 resource instances',
  });
  t.match(of('NamespaceDeletionDiscoveryFailure'), {
    status: 'False',
    reason: 'ResourcesDiscovered',
  });
  t.equal(withConditions(told ?? going, remains, '2027-01-01T00:00:00Z'), null, 'no news');
  const later = withConditions(told ?? going, nothing, '2027-01-01T00:00:00Z');
  const after = later?.status?.conditions ?? [];
  t.match(
    after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [
      ['NamespaceDeletionDiscoveryFailure', now],
      ['NamespaceDeletionGroupVersionParsingFailure', now],
      ['NamespaceDeletionContentFailure', now],
      ['NamespaceContentRemaining', '2027-01-01T00:00:00Z'],
      ['NamespaceFinalizersRemaining', '2027-01-01T00:00:00Z'],
    ],
  );
  t.end();
});

t.test('missingAccounts: a namespace that stays gets the account default', (t) => {
  const namespace = { metadata: { name: 'a' } };
  const account = { metadata: { name: 'default', namespace: 'a' } };
  t.same(missingAccounts(namespace, []), [account]);
  t.same(missingAccounts(namespace, [account]), []);
  t.same(missingAccounts(going, []), []);
  t.same(missingAccounts(undefined, []), []);
  t.end();
});

t.test('plannedConfigMap: the certificate is there, and nothing else', (t) => {
  const namespace = { metadata: { name: 'a' } };
  const metadata = { name: 'kube-root-ca.crt', namespace: 'a' };
  const right = { metadata, data: { 'ca.crt': 'pem' } };
  t.same(plannedConfigMap(namespace, undefined, 'pem'), { action: 'create', configMap: right });
  t.equal(plannedConfigMap(namespace, right, 'pem'), null);
  const wrong = { metadata, data: { 'ca.crt': 'pem', more: 'x' } };
  t.same(plannedConfigMap(namespace, wrong, 'pem'), { action: 'update', configMap: right });
  t.equal(plannedConfigMap(going, undefined, 'pem'), null);
  t.end();
});
