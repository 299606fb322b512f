import t from 'tap';
import { defined } from '../../../../../src/base/assert.js';
import type { Pod } from '../../../../../src/control/api/gen/core-v1.js';
import type { ResourceClaim } from '../../../../../src/control/api/gen/resource-v1.js';
import type { KubeObject } from '../../../../../src/control/machinery/object.js';
import { CycleState } from '../../../../../src/control/scheduler/framework/cycle-state.js';
import { podInfoOf } from '../../../../../src/control/scheduler/framework/pod-info.js';
import { nodeOf, podOf } from '../../objects.js';
import { type Ending, filtered, type Kit, kitOf } from '../kit.js';
import { claimOf, device, deviceClass, driver, request, sliceOf } from './devices.js';

const using = (name: string, ...claims: string[]): Pod =>
  podOf(name, {
    metadata: { name, uid: name },
    resourceClaims: claims.map((resourceClaimName, at) => ({ name: `c${at}`, resourceClaimName })),
  });

const kit = (test: Ending, claims: readonly KubeObject[], devices = 1) =>
  kitOf(test, {
    nodes: [nodeOf('n1'), nodeOf('n2')],
    objects: {
      resourceclaims: claims,
      deviceclasses: [deviceClass('gpu', `device.driver == "${driver}"`)],
      resourceslices: [
        sliceOf(
          'n2',
          Array.from({ length: devices }, (_, at) => device(`gpu-${at}`)),
        ),
      ],
    },
    plugins: ['DynamicResources'],
  });

/** Goes through the cycle of a pod up to its reservation on a node. */
function reserved({ plugin, cache, profile }: Kit, pod: Pod, nodeName: string) {
  const own = plugin('DynamicResources');
  const state = new CycleState();
  const info = podInfoOf(pod);
  const outcome = profile.preFilter(state, info, cache);
  if (outcome.kind === 'refused') throw new Error(outcome.status.reasons.join());
  const refusal = own.filter?.(state, info, defined(cache.get(nodeName), nodeName)) ?? null;
  if (refusal !== null) throw new Error(refusal.reasons.join());
  own.reserve?.(state, info, nodeName);
  const { signal } = new AbortController();
  return {
    undo: () => own.unreserve?.(state, info, nodeName),
    bind: () => own.preBind?.(state, info, nodeName, signal),
  };
}

const stored = ({ api }: Kit, name: string) =>
  defined(api.objects<ResourceClaim>('resourceclaims').get(`default/${name}`), name);

t.test('DynamicResources: a pod goes where devices for its claims are', async (t) => {
  const found = await kit(t, [
    claimOf('one', [request('r')]),
    claimOf('two', [request('r', { count: 2 })]),
  ]);
  t.same(filtered(found, podOf('none')), { n1: 'ok', n2: 'ok' });
  t.same(filtered(found, using('p', 'one')), {
    n1: 'unschedulable: cannot allocate all claims',
    n2: 'ok',
  });
  t.same(filtered(found, using('p', 'two')), {
    n1: 'unschedulable: cannot allocate all claims',
    n2: 'unschedulable: cannot allocate all claims',
  });
});

t.test('DynamicResources: why a pod has to wait for its claims', async (t) => {
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const going = claimOf('going', [request('r')]);
  const strange = claimOf('strange', [request('r')]);
  const full = claimOf('full', [request('r')]);
  const reservedFor = Array.from({ length: 256 }, (_, at) => ({ uid: `u${at}`, name: `p${at}` }));
  const found = await kit(t, [
    { ...going, metadata: { ...going.metadata, deletionTimestamp } } as ResourceClaim,
    claimOf('classless', [request('r', { deviceClassName: 'tpu' })]),
    { ...full, status: { allocation: {}, reservedFor } } as ResourceClaim,
    strange,
  ]);
  const ofTemplate = (statuses: object) => {
    const resourceClaims = [{ name: 'c', resourceClaimTemplateName: 'template' }];
    const metadata = { name: 'p', uid: 'p' };
    return { ...podOf('p', { metadata, resourceClaims }), status: statuses } as Pod;
  };
  const made = { resourceClaimStatuses: [{ name: 'c', resourceClaimName: 'strange' }] };
  const rows: readonly (readonly [Pod, string])[] = [
    [using('p', 'absent'), 'unresolvable: resourceclaim "absent" not found'],
    [using('p', 'going'), 'unresolvable: resourceclaim "going" is being deleted'],
    [using('p', 'classless'), 'unresolvable: request r: device class tpu does not exist'],
    [using('p', 'full'), 'unresolvable: resourceclaim in use'],
    [ofTemplate({}), 'unresolvable: pod "default/p": ResourceClaim not created yet'],
    [
      ofTemplate(made),
      'unresolvable: ResourceClaim default/strange was not created for pod default/p (pod is not owner)',
    ],
  ];
  for (const [pod, reason] of rows) t.same(filtered(found, pod), { '*': reason });
  const notNeeded = { resourceClaimStatuses: [{ name: 'c' }] };
  t.same(filtered(found, ofTemplate(notNeeded)), { n1: 'ok', n2: 'ok' }, 'none is needed');
  const own = found.plugin('DynamicResources');
  t.match(own.preEnqueue?.(podInfoOf(using('p', 'absent'))), { code: 'unresolvable' });
  t.equal(own.preEnqueue?.(podInfoOf(using('p', 'classless'))), null);
});

t.test('DynamicResources: devices are given once, also before the API shows it', async (t) => {
  const claims = ['a', 'b'].map((name) => claimOf(name, [request('r')]));
  const found = await kit(t, claims);
  const first = reserved(found, using('p', 'a'), 'n2');
  const other = () => filtered(found, using('q', 'b')).n2;
  t.equal(other(), 'unschedulable: cannot allocate all claims');
  t.match(filtered(found, using('q', 'a')), { '*': /in the process of being allocated/ });
  first.undo();
  t.equal(other(), 'ok', 'it was taken back');

  t.equal(await reserved(found, using('p', 'a'), 'n2').bind(), null);
  t.equal(other(), 'unschedulable: cannot allocate all claims');
  t.match(stored(found, 'a'), {
    metadata: { finalizers: ['resource.kubernetes.io/delete-protection'] },
    status: {
      allocation: {
        devices: { results: [{ request: 'r', driver, pool: 'n2', device: 'gpu-0' }] },
        nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ values: ['n2'] }] }] },
      },
      reservedFor: [{ resource: 'pods', name: 'p', uid: 'p' }],
    },
  });
});

t.test('DynamicResources: pods share a claim where its devices are', async (t) => {
  const found = await kit(t, [claimOf('a', [request('r')])]);
  await reserved(found, using('p', 'a'), 'n2').bind();
  t.same(filtered(found, using('q', 'a')), {
    n1: 'unschedulable: resourceclaim not available on the node',
    n2: 'ok',
  });
  t.equal(await reserved(found, using('q', 'a'), 'n2').bind(), null);
  t.same(
    stored(found, 'a').status?.reservedFor?.map(({ name }) => name),
    ['p', 'q'],
  );
});

t.test('DynamicResources: others may write claims meanwhile', async (t) => {
  const found = await kit(t, [claimOf('a', [request('r')])]);
  const { bind } = reserved(found, using('p', 'a'), 'n2');
  const labelled = stored(found, 'a');
  found.api.put('resourceclaims', {
    ...labelled,
    metadata: { ...labelled.metadata, labels: { x: 'y' } },
  });
  t.equal(await bind(), null);
  t.match(stored(found, 'a'), { metadata: { labels: { x: 'y' } }, status: { allocation: {} } });

  const again = await kit(t, [claimOf('a', [request('r')])]);
  const late = reserved(again, using('p', 'a'), 'n2');
  const claim = stored(again, 'a');
  again.api.put('resourceclaims', { ...claim, status: { allocation: {} } } as ResourceClaim);
  t.match(await late.bind(), { code: 'error', reasons: [/already allocated/] });
});

t.test('DynamicResources: devices that keep a pod from every node are given back', async (t) => {
  const found = await kit(t, [claimOf('a', [request('r')])]);
  const pod = using('p', 'a');
  await reserved(found, pod, 'n2').bind();
  const own = found.plugin('DynamicResources');
  const ask = async () => {
    const state = new CycleState();
    found.profile.preFilter(state, podInfoOf(pod), found.cache);
    return own.postFilter?.(state, podInfoOf(pod), { byNode: new Map(), others: null });
  };
  t.match(await ask(), { reasons: ['deallocation of ResourceClaim completed'] });
  const { allocation, reservedFor } = stored(found, 'a').status ?? {};
  t.same([allocation, reservedFor], [undefined, undefined]);

  const shared = stored(found, 'a');
  found.api.put('resourceclaims', {
    ...shared,
    status: { allocation: {}, reservedFor: [{ resource: 'pods', name: 'q', uid: 'q' }] },
  } as ResourceClaim);
  await t.resolves(
    (async () => {
      for (let tries = 0; tries < 1000; tries++) {
        const answer = await ask();
        if (JSON.stringify(answer).includes('still not schedulable')) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error('what another pod uses is given back');
    })(),
  );
});
