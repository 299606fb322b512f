import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import { deployment, pod } from '../manifests.js';
import type { Place } from '../place.js';
import { areServing, nameOf } from '../pod-views.js';
import type { Scenario } from '../scenario.js';

/** What a namespace may have. */
export const limitScenarios: readonly Scenario[] = [
  {
    name: 'quota',
    title: 'a quota refuses what is over it, counts down again, and holds a deployment back',
    run: refusesOverQuota,
  },
  {
    name: 'limits',
    title: 'a LimitRange gives defaults and refuses what is beyond its bounds',
    run: limitsRanges,
  },
];

async function refusesOverQuota(t: Test, place: Place): Promise<void> {
  await place.kubectl('create quota few --hard=pods=2,requests.cpu=300m,count/configmaps=2');
  await place.until('the quota has been counted', async () => {
    const { status } = await place.get(resources.resourceQuotas, 'few');
    return status?.used?.['count/configmaps'] === '1';
  });
  const requests = { cpu: '100m' };
  await place.apply(pod('a', { requests }), pod('b', { requests }));
  const third = await place.tryKubectl('create -f -', JSON.stringify(pod('c', { requests })));
  t.equal(third.code, 1);
  t.match(
    third.text,
    'Error from server (Forbidden): error when creating "STDIN": pods "c" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2',
  );
  const bare = await place.tryKubectl('create -f -', JSON.stringify(pod('c')));
  t.match(
    bare.text,
    'pods "c" is forbidden: failed quota: few: must specify requests.cpu for: main',
  );
  await place.kubectl('create configmap one');
  t.match(
    (await place.tryKubectl('create configmap two')).text,
    'exceeded quota: few, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2',
  );
  t.match(await place.kubectl('describe quota few'), /pods +2 +2\n *requests.cpu +200m +300m/);

  await place.apply(deployment('web', 2, { requests }));
  const { status } = await place.until('the deployment tells of it', async () => {
    const found = await place.get(resources.deployments, 'web');
    return found.status?.conditions?.some(({ type }) => type === 'ReplicaFailure') ? found : null;
  });
  t.match(
    status?.conditions?.find(({ type }) => type === 'ReplicaFailure'),
    { status: 'True', reason: 'FailedCreate', message: /exceeded quota: few/ },
  );
  await place.kubectl('delete pod a b');
  const pods = await place.untilPods('the room is used', areServing(2));
  t.ok(pods.every((each) => nameOf(each).startsWith('web-')));
  await place.untilPrinted('describe quota few', /pods +2 +2\n *requests.cpu +200m +300m/);
}

async function limitsRanges(t: Test, place: Place): Promise<void> {
  await place.apply({
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'range' },
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '200m' },
          defaultRequest: { cpu: '100m' },
          max: { cpu: '1' },
          min: { cpu: '10m' },
        },
      ],
    },
  });
  await place.untilPrinted('describe limitrange range', /Container +cpu +10m +1 +100m +200m/);
  await place.apply(pod('default'));
  const [made] = await place.untilPods('the pod', areServing(1));
  t.same(made?.spec?.containers?.[0]?.resources, {
    limits: { cpu: '200m' },
    requests: { cpu: '100m' },
  });
  const cases = [
    [{ cpu: '2' }, 'maximum cpu usage per Container is 1, but limit is 2'],
    [{ cpu: '5m' }, 'minimum cpu usage per Container is 10m, but request is 5m'],
  ] as const;
  for (const [limits, message] of cases) {
    const refused = pod('refused');
    const [main] = refused.spec?.containers ?? [];
    Object.assign(main ?? {}, { resources: { limits, requests: limits } });
    const { text, code } = await place.tryKubectl('create -f -', JSON.stringify(refused));
    t.equal(code, 1);
    t.match(text, `pods "refused" is forbidden: ${message}`);
  }
}
