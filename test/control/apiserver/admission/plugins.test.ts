import t from 'tap';
import type { Pod } from '../../../../src/control/api/gen/core-v1.js';
import {
  createPlugins,
  type PluginOptions,
  pluginsMadeElsewhere,
} from '../../../../src/control/apiserver/admission/create-plugins.js';
import {
  enabledPlugins,
  pluginNames,
} from '../../../../src/control/apiserver/admission/plugin-names.js';
import { defaultPodSecurity } from '../../../../src/control/apiserver/admission/pod-security/plugin.js';
import type { AdmissionPlugin } from '../../../../src/control/apiserver/contracts.js';
import { AdmissionWorld, admit } from './world.js';

const options: PluginOptions = {
  tolerationSeconds: { notReadySeconds: 300, unreachableSeconds: 300 },
  podSecurity: defaultPodSecurity,
  podNodeSelector: { clusterDefault: {}, allowed: {} },
  podTolerations: { defaults: [], allowed: [] },
  eventRateLimit: { limits: [{ type: 'Namespace', qps: 1, burst: 2, cacheSize: 16 }] },
  limitedResources: [],
  resourceOfKind: (apiVersion, kind) =>
    apiVersion === 'v1' && kind === 'Pod'
      ? { group: '', version: 'v1', resource: 'pods' }
      : undefined,
};

function pluginOf(name: string, world: AdmissionWorld): AdmissionPlugin {
  return createPlugins([name], world, options)[0]!;
}

const pod = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'p', namespace: 'n', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

t.test('enabledPlugins keeps Kubernetes order and refuses nonsense', async (t) => {
  const names = enabledPlugins({
    enable: ['NodeRestriction', 'AlwaysPullImages'],
    disable: ['ServiceAccount'],
  });
  t.ok(names.includes('NodeRestriction'));
  t.notOk(names.includes('ServiceAccount'));
  t.same(
    names,
    pluginNames.filter((name) => names.includes(name)),
  );
  t.equal(names.at(-1), 'ResourceQuota', 'what writes comes last');
  t.throws(
    () => enabledPlugins({ enable: ['Nope'], disable: [] }),
    /enable-admission-plugins plugin "Nope" is unknown/,
  );
  t.throws(
    () => enabledPlugins({ enable: [], disable: ['Nope'] }),
    /disable-admission-plugins plugin "Nope" is unknown/,
  );
  t.throws(
    () => enabledPlugins({ enable: ['Priority'], disable: ['Priority'] }),
    /\[Priority\] in enable-admission-plugins and disable-admission-plugins overlapped/,
  );
});

t.test('createPlugins makes every plugin that it does not leave to others', async (t) => {
  const world = new AdmissionWorld();
  for (const name of pluginNames) {
    const made = createPlugins([name], world, options);
    t.equal(made[0]?.name ?? null, pluginsMadeElsewhere.has(name) ? null : name);
  }
});

t.test('NamespaceLifecycle guards namespaces', async (t) => {
  const world = new AdmissionWorld().have(
    '/namespaces',
    { metadata: { name: 'n' }, status: { phase: 'Active' } },
    { metadata: { name: 'going' }, status: { phase: 'Terminating' } },
  );
  world.latest.put('/namespaces', { metadata: { name: 'fresh' } });
  const plugin = pluginOf('NamespaceLifecycle', world);
  const cases: readonly [string, string | null][] = [
    ['CREATE /pods n/', null],
    ['CREATE /pods fresh/', null],
    ['CREATE /pods gone/', 'namespaces "gone" not found'],
    [
      'CREATE /pods going/',
      'pods "p" is forbidden: unable to create new content in namespace going because it is being terminated',
    ],
    ['UPDATE /pods going/p', null],
    ['DELETE /pods gone/p', null],
    [
      'DELETE /namespaces /default',
      'namespaces "default" is forbidden: this namespace may not be deleted',
    ],
    ['DELETE /namespaces /n', null],
    ['CREATE authorization.k8s.io/localsubjectaccessreviews gone/', null],
    ['CREATE /nodes /', null],
  ];
  for (const [what, error] of cases)
    t.equal(await admit(plugin, world.request(what, { object: pod() })), error, what);
  const request = world.request('CREATE /pods going/', { object: pod() });
  const failure = await Promise.resolve(plugin.mutate!(request)).then(
    () => null,
    (reason: unknown) => reason as { status: { details?: object } },
  );
  t.match(failure?.status.details, {
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: 'namespace going is being terminated',
        field: 'metadata.namespace',
      },
    ],
  });
  // The deletion of n was seen: the cache is not believed for a while.
  world.latest.put('/namespaces', {
    metadata: { name: 'n' },
    status: { phase: 'Terminating' },
  } as never);
  t.match(
    await admit(plugin, world.request('CREATE /pods n/', { object: pod() })),
    /being terminated/,
  );
});

t.test('Priority resolves classes', async (t) => {
  const world = new AdmissionWorld().have(
    'scheduling.k8s.io/priorityclasses',
    { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' },
    { metadata: { name: 'usual' }, value: 10, globalDefault: true },
  );
  const plugin = pluginOf('Priority', world);
  const cases: readonly [object, object | string][] = [
    [{ priorityClassName: 'high' }, { priority: 1000, preemptionPolicy: 'Never' }],
    [{}, { priorityClassName: 'usual', priority: 10, preemptionPolicy: 'PreemptLowerPriority' }],
    [{ priorityClassName: 'system-node-critical' }, { priority: 2000001000 }],
    [
      { priorityClassName: 'gone' },
      'pods "p" is forbidden: no PriorityClass with name gone was found',
    ],
    [
      { priority: 7 },
      'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 10 from the given PriorityClass name',
    ],
    [
      { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' },
      'pods "p" is forbidden: the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    ],
  ];
  for (const [spec, expected] of cases) {
    const object = pod(spec);
    const error = await admit(plugin, world.request('CREATE /pods n/', { object }));
    if (typeof expected === 'string') t.equal(error, expected);
    else t.match({ error, spec: object.spec }, { error: null, spec: expected });
  }
  const second = { metadata: { name: 'second' }, value: 1, globalDefault: true };
  t.equal(
    await admit(
      plugin,
      world.request('CREATE scheduling.k8s.io/priorityclasses /', { object: second }),
    ),
    'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  );
  const same = { metadata: { name: 'usual' }, value: 10, globalDefault: true };
  t.equal(
    await admit(
      plugin,
      world.request('UPDATE scheduling.k8s.io/priorityclasses /usual', { object: same, old: same }),
    ),
    null,
  );
});

t.test(
  'ServiceAccount mounts a token and takes the account from the store when the cache does not know it',
  async (t) => {
    const world = new AdmissionWorld();
    const plugin = pluginOf('ServiceAccount', world);
    t.equal(
      await admit(plugin, world.request('CREATE /pods n/', { object: pod() })),
      'pods "p" is forbidden: error looking up service account n/default: serviceaccount "default" not found',
    );
    world.latest.put('/serviceaccounts', {
      metadata: { namespace: 'n', name: 'default' },
      imagePullSecrets: [{ name: 'pull' }],
    } as never);
    const object = pod({
      initContainers: [
        {
          name: 'i',
          volumeMounts: [
            { name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
          ],
        },
      ],
    }) as unknown as Pod;
    t.equal(await admit(plugin, world.request('CREATE /pods n/', { object })), null);
    const { spec } = object;
    t.equal(spec?.serviceAccountName, 'default');
    t.equal(spec?.serviceAccount, 'default');
    t.same(spec?.imagePullSecrets, [{ name: 'pull' }]);
    t.match(spec?.volumes?.[0]?.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    t.same(spec?.volumes?.[0]?.projected?.sources?.[0], {
      serviceAccountToken: { expirationSeconds: 3607, path: 'token' },
    });
    t.same(spec?.containers?.[0]?.volumeMounts, [
      {
        name: spec?.volumes?.[0]?.name,
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ]);
    t.equal(spec?.initContainers?.[0]?.volumeMounts?.length, 1, 'its own mount is kept');
    const without = pod({ automountServiceAccountToken: false }) as unknown as Pod;
    t.equal(await admit(plugin, world.request('CREATE /pods n/', { object: without })), null);
    t.equal(without.spec?.volumes, undefined);
    const mirror = pod(
      { serviceAccountName: 'x' },
      { annotations: { 'kubernetes.io/config.mirror': 'h' } },
    );
    t.equal(
      await admit(plugin, world.request('CREATE /pods n/', { object: mirror })),
      'pods "p" is forbidden: a mirror pod may not reference service accounts',
    );
  },
);

t.test('ServiceAccount keeps pods to the secrets of a strict account', async (t) => {
  const world = new AdmissionWorld().have('/serviceaccounts', {
    metadata: {
      namespace: 'n',
      name: 'default',
      annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
    },
    secrets: [{ name: 'ok' }],
    imagePullSecrets: [{ name: 'pull' }],
  });
  const plugin = pluginOf('ServiceAccount', world);
  const env = (name: string) => ({
    containers: [
      { name: 'c', env: [{ name: 'E', valueFrom: { secretKeyRef: { name, key: 'k' } } }] },
    ],
  });
  const cases: readonly [object, string | null][] = [
    [env('ok'), null],
    [
      env('no'),
      'container c with envVar E referencing secret.secretName="no" is not allowed because service account default does not reference that secret',
    ],
    [
      { volumes: [{ name: 'v', secret: { secretName: 'no' } }] },
      'volume with secret.secretName="no" is not allowed because service account default does not reference that secret',
    ],
    [
      { imagePullSecrets: [{ name: 'no' }] },
      'imagePullSecrets with name "no" is not allowed because service account default does not reference that imagePullSecret',
    ],
    [{ imagePullSecrets: [{ name: 'pull' }] }, null],
  ];
  for (const [spec, text] of cases)
    t.equal(
      await admit(plugin, world.request('CREATE /pods n/', { object: pod(spec) })),
      text === null ? null : `pods "p" is forbidden: ${text}`,
    );
});

t.test('LimitRanger sets defaults and holds to bounds', async (t) => {
  const world = new AdmissionWorld().have('/limitranges', {
    metadata: { namespace: 'n', name: 'l' },
    spec: {
      limits: [
        {
          type: 'Container',
          default: { cpu: '500m' },
          defaultRequest: { cpu: '100m', memory: '64Mi' },
          min: { cpu: '50m' },
          max: { cpu: '1' },
          maxLimitRequestRatio: { cpu: '5' },
        },
        { type: 'Pod', max: { cpu: '2' } },
        { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } },
      ],
    },
  });
  const plugin = pluginOf('LimitRanger', world);
  const object = pod() as unknown as Pod;
  t.equal(await admit(plugin, world.request('CREATE /pods n/', { object })), null);
  t.same(object.spec?.containers?.[0]?.resources, {
    requests: { cpu: '100m', memory: '64Mi' },
    limits: { cpu: '500m' },
  });
  t.equal(
    object.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c',
  );
  const resources = (requests: object, limits: object) => ({
    containers: [{ name: 'c', resources: { requests, limits } }],
  });
  const cases: readonly [object, string][] = [
    [
      resources({ cpu: '20m' }, { cpu: '100m' }),
      'minimum cpu usage per Container is 50m, but request is 20m',
    ],
    [
      resources({ cpu: '900m' }, { cpu: '1100m' }),
      'maximum cpu usage per Container is 1, but limit is 1100m',
    ],
    [
      resources({ cpu: '100m' }, { cpu: '600m' }),
      'cpu max limit to request ratio per Container is 5, but provided ratio is 6.000000',
    ],
    [
      {
        containers: ['a', 'b', 'd'].map((name) => ({
          name,
          resources: { requests: { cpu: '800m' }, limits: { cpu: '800m' } },
        })),
      },
      'maximum cpu usage per Pod is 2, but limit is 2400m',
    ],
  ];
  for (const [spec, text] of cases)
    t.equal(
      await admit(plugin, world.request('CREATE /pods n/', { object: pod(spec) })),
      `pods "p" is forbidden: ${text}`,
    );
  const claim = (storage: string) => ({
    metadata: { name: 'c' },
    spec: { resources: { requests: { storage } } },
  });
  t.equal(
    await admit(
      plugin,
      world.request('CREATE /persistentvolumeclaims n/', { object: claim('512Mi') }),
    ),
    'persistentvolumeclaims "c" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi',
  );
  t.equal(
    await admit(
      plugin,
      world.request('CREATE /persistentvolumeclaims n/', { object: claim('3Gi') }),
    ),
    'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
  );
  t.equal(
    await admit(
      plugin,
      world.request('CREATE /persistentvolumeclaims n/', { object: claim('2Gi') }),
    ),
    null,
  );
});

t.test('plugins of defaults fill in what is absent', async (t) => {
  const world = new AdmissionWorld()
    .have(
      'storage.k8s.io/storageclasses',
      {
        metadata: {
          name: 'old',
          creationTimestamp: '2025-01-01T00:00:00Z',
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
      },
      {
        metadata: {
          name: 'new',
          creationTimestamp: '2026-01-01T00:00:00Z',
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
      },
      { metadata: { name: 'other' } },
    )
    .have('networking.k8s.io/ingressclasses', {
      metadata: {
        name: 'nginx',
        annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
      },
    })
    .have('node.k8s.io/runtimeclasses', {
      metadata: { name: 'vm' },
      overhead: { podFixed: { cpu: '250m' } },
      scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
    });
  const cases: readonly [string, string, object, object][] = [
    [
      'DefaultStorageClass',
      'CREATE /persistentvolumeclaims n/',
      { metadata: {}, spec: {} },
      { spec: { storageClassName: 'new' } },
    ],
    [
      'DefaultStorageClass',
      'CREATE /persistentvolumeclaims n/',
      { metadata: {}, spec: { storageClassName: '' } },
      { spec: { storageClassName: '' } },
    ],
    [
      'DefaultIngressClass',
      'CREATE networking.k8s.io/ingresses n/',
      { metadata: {}, spec: {} },
      { spec: { ingressClassName: 'nginx' } },
    ],
    [
      'StorageObjectInUseProtection',
      'CREATE /persistentvolumes /',
      { metadata: { finalizers: ['a/b'] } },
      { metadata: { finalizers: ['a/b', 'kubernetes.io/pv-protection'] } },
    ],
    [
      'TaintNodesByCondition',
      'CREATE /nodes /',
      { metadata: {} },
      { spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] } },
    ],
    [
      'DefaultTolerationSeconds',
      'CREATE /pods n/',
      pod({
        tolerations: [
          {
            key: 'node.kubernetes.io/not-ready',
            operator: 'Exists',
            effect: 'NoExecute',
            tolerationSeconds: 5,
          },
        ],
      }),
      {
        spec: {
          tolerations: [
            { tolerationSeconds: 5 },
            {
              key: 'node.kubernetes.io/unreachable',
              operator: 'Exists',
              effect: 'NoExecute',
              tolerationSeconds: 300,
            },
          ],
        },
      },
    ],
    [
      'RuntimeClass',
      'CREATE /pods n/',
      pod({ runtimeClassName: 'vm' }),
      {
        spec: {
          overhead: { cpu: '250m' },
          nodeSelector: { vm: 'yes' },
          tolerations: [{ key: 'vm', operator: 'Exists' }],
        },
      },
    ],
    [
      'AlwaysPullImages',
      'CREATE /pods n/',
      pod(),
      { spec: { containers: [{ imagePullPolicy: 'Always' }] } },
    ],
    [
      'ExtendedResourceToleration',
      'CREATE /pods n/',
      pod({
        containers: [{ name: 'c', resources: { requests: { cpu: '1', 'nvidia.com/gpu': '1' } } }],
      }),
      { spec: { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] } },
    ],
  ];
  for (const [name, what, object, expected] of cases) {
    t.equal(await admit(pluginOf(name, world), world.request(what, { object })), null, name);
    t.match(object, expected, name);
  }
});

t.test('plugins refuse in the words of Kubernetes', async (t) => {
  const world = new AdmissionWorld()
    .have('/namespaces', {
      metadata: {
        name: 'n',
        annotations: {
          'scheduler.alpha.kubernetes.io/node-selector': 'env=dev',
          'scheduler.alpha.kubernetes.io/tolerationsWhitelist':
            '[{"key":"ok","operator":"Exists"}]',
        },
      },
    })
    .have(
      'storage.k8s.io/storageclasses',
      { metadata: { name: 'fixed' } },
      { metadata: { name: 'grows' }, allowVolumeExpansion: true },
    );
  const claim = (storage: string, storageClassName: string, phase = 'Bound') => ({
    metadata: { name: 'c' },
    spec: { storageClassName, resources: { requests: { storage } } },
    status: { phase },
  });
  const csr = (organization: string) => ({
    metadata: { name: 'x' },
    spec: { signerName: 'kubernetes.io/kube-apiserver-client', request: organization },
  });
  const owner = (blockOwnerDeletion: boolean) => ({
    metadata: {
      name: 'p',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'o', uid: 'u', blockOwnerDeletion }],
    },
  });
  const cases: readonly [string, string, object | null, object | null, string | null][] = [
    [
      'AlwaysDeny',
      'CREATE /pods n/',
      pod(),
      null,
      'pods "p" is forbidden: admission control is denying all modifications',
    ],
    ['NamespaceExists', 'CREATE /pods gone/', pod(), null, 'namespaces "gone" not found'],
    [
      'PodNodeSelector',
      'CREATE /pods n/',
      pod({ nodeSelector: { env: 'prod' } }),
      null,
      'pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector',
    ],
    [
      'PodNodeSelector',
      'CREATE /pods n/',
      pod({ nodeSelector: { env: 'dev', zone: 'a' } }),
      null,
      null,
    ],
    [
      'PodTolerationRestriction',
      'CREATE /pods n/',
      pod({ tolerations: [{ key: 'no', operator: 'Exists' }] }),
      null,
      'pods "p" is forbidden: pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
    ],
    [
      'PodTolerationRestriction',
      'CREATE /pods n/',
      pod({ tolerations: [{ key: 'ok', operator: 'Equal', value: '1' }] }),
      null,
      null,
    ],
    [
      'LimitPodHardAntiAffinityTopology',
      'CREATE /pods n/',
      pod({
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }],
          },
        },
      }),
      null,
      'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    ],
    [
      'DenyServiceExternalIPs',
      'UPDATE /services n/s',
      { metadata: { name: 's' }, spec: { externalIPs: ['1.1.1.1', '2.2.2.2'] } },
      { metadata: { name: 's' }, spec: { externalIPs: ['1.1.1.1'] } },
      'services "s" is forbidden: Use of external IPs is denied by admission control',
    ],
    [
      'PersistentVolumeClaimResize',
      'UPDATE /persistentvolumeclaims n/c',
      claim('2Gi', 'fixed'),
      claim('1Gi', 'fixed'),
      'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ],
    [
      'PersistentVolumeClaimResize',
      'UPDATE /persistentvolumeclaims n/c',
      claim('2Gi', 'grows'),
      claim('1Gi', 'grows', 'Pending'),
      'persistentvolumeclaims "c" is forbidden: Only bound persistent volume claims can be expanded',
    ],
    [
      'PersistentVolumeClaimResize',
      'UPDATE /persistentvolumeclaims n/c',
      claim('2Gi', 'grows'),
      claim('1Gi', 'grows'),
      null,
    ],
    [
      'RuntimeClass',
      'CREATE /pods n/',
      pod({ runtimeClassName: 'gone' }),
      null,
      'pods "p" is forbidden: pod rejected: RuntimeClass "gone" not found',
    ],
    [
      'RuntimeClass',
      'CREATE /pods n/',
      pod({ overhead: { cpu: '1' } }),
      null,
      'pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [
      'CertificateSubjectRestriction',
      'CREATE certificates.k8s.io/certificatesigningrequests /',
      csr('bm8='),
      null,
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: failed to parse CSR: PEM block type must be CERTIFICATE REQUEST',
    ],
    [
      'CertificateApproval',
      'UPDATE certificates.k8s.io/certificatesigningrequests/approval /x',
      csr(''),
      csr(''),
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    ],
    [
      'CertificateSigning',
      'UPDATE certificates.k8s.io/certificatesigningrequests/status /x',
      { ...csr(''), status: { certificate: 'YQ==' } },
      csr(''),
      'certificatesigningrequests.certificates.k8s.io "x" is forbidden: user not permitted to sign requests with signerName "kubernetes.io/kube-apiserver-client"',
    ],
    [
      'CertificateSigning',
      'UPDATE certificates.k8s.io/certificatesigningrequests/status /x',
      csr(''),
      csr(''),
      null,
    ],
    [
      'OwnerReferencesPermissionEnforcement',
      'CREATE /pods n/',
      owner(true),
      null,
      'pods "p" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on: , <nil>',
    ],
    ['OwnerReferencesPermissionEnforcement', 'CREATE /pods n/', owner(false), null, null],
    [
      'OwnerReferencesPermissionEnforcement',
      'UPDATE /pods n/p',
      owner(false),
      { metadata: { name: 'p' } },
      'pods "p" is forbidden: cannot set an ownerRef on a resource you can\'t delete: , <nil>',
    ],
    [
      'PodResizeValidator',
      'UPDATE /pods/resize n/p',
      pod(),
      pod({}, { annotations: { 'kubernetes.io/config.mirror': 'h' } }),
      'pods "p" is forbidden: static pods may not be resized',
    ],
  ];
  for (const [name, what, object, old, error] of cases)
    t.equal(
      await admit(pluginOf(name, world), world.request(what, { object, old })),
      error,
      `${name} ${what}`,
    );
  world.allowed.add('approve certificates.k8s.io/signers/ /kubernetes.io/*');
  const approval = world.request(
    'UPDATE certificates.k8s.io/certificatesigningrequests/approval /x',
    { object: csr(''), old: csr('') },
  );
  t.equal(
    await admit(pluginOf('CertificateApproval', world), approval),
    null,
    'the right for a whole domain',
  );
});

t.test('EventRateLimit lets a burst through, then as many a second', async (t) => {
  const world = new AdmissionWorld();
  const plugin = pluginOf('EventRateLimit', world);
  const send = (namespace: string) =>
    admit(
      plugin,
      world.request(`CREATE /events ${namespace}/`, { object: { metadata: { name: 'e' } } }),
    );
  t.same([await send('a'), await send('a'), await send('b')], [null, null, null]);
  t.equal(await send('a'), 'limit reached on type Namespace for key a');
  world.clock.jump(1000);
  t.equal(await send('a'), null);
  t.equal(await send('a'), 'limit reached on type Namespace for key a');
});

t.test('NodeRestriction holds kubelets to their node', async (t) => {
  const world = new AdmissionWorld()
    .have('/nodes', { metadata: { name: 'n1', uid: 'node-uid' } })
    .have(
      '/pods',
      { metadata: { namespace: 'n', name: 'mine', uid: 'u1' }, spec: { nodeName: 'n1' } },
      { metadata: { namespace: 'n', name: 'other', uid: 'u2' }, spec: { nodeName: 'n2' } },
    );
  const plugin = pluginOf('NodeRestriction', world);
  const kubelet = { name: 'system:node:n1', uid: '', groups: ['system:nodes'], extra: {} };
  const mirror = (change: object = {}, owner: object = {}) =>
    pod(
      { nodeName: 'n1', ...change },
      {
        annotations: { 'kubernetes.io/config.mirror': 'h' },
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'Node',
            name: 'n1',
            uid: 'node-uid',
            controller: true,
            ...owner,
          },
        ],
      },
    );
  const node = (labels: object, spec: object = {}) => ({ metadata: { name: 'n1', labels }, spec });
  const token = (uid: string, name = 'mine') => ({
    metadata: {},
    spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
  });
  const forbidden = (resource: string, text: string) => `${resource} is forbidden: ${text}`;
  const cases: readonly [string, object | null, object | null, string | null][] = [
    ['CREATE /pods n/', mirror(), null, null],
    [
      'CREATE /pods n/',
      pod({ nodeName: 'n1' }),
      null,
      forbidden(
        'pods "p"',
        'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
      ),
    ],
    [
      'CREATE /pods n/',
      mirror({ nodeName: 'n2' }),
      null,
      forbidden('pods "p"', 'node "n1" can only create pods with spec.nodeName set to itself'),
    ],
    [
      'CREATE /pods n/',
      mirror({}, { uid: 'x' }),
      null,
      forbidden('pods "p"', 'node n1 UID mismatch: expected x got node-uid'),
    ],
    [
      'CREATE /pods n/',
      mirror({}, { controller: false }),
      null,
      forbidden(
        'pods "p"',
        'node "n1" can only create pods with a controller owner reference set to itself',
      ),
    ],
    [
      'CREATE /pods n/',
      mirror({ serviceAccountName: 'a' }),
      null,
      forbidden('pods "p"', 'node "n1" can not create pods that reference a service account'),
    ],
    [
      'CREATE /pods n/',
      mirror({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }),
      null,
      forbidden('pods "p"', 'node "n1" can not create pods that reference secrets'),
    ],
    ['DELETE /pods n/mine', null, null, null],
    [
      'DELETE /pods n/other',
      null,
      null,
      forbidden('pods "other"', 'node "n1" can only delete pods with spec.nodeName set to itself'),
    ],
    ['DELETE /pods n/gone', null, null, 'pods "gone" not found'],
    [
      'UPDATE /pods n/mine',
      pod(),
      pod(),
      forbidden(
        'pods "mine"',
        'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
      ),
    ],
    ['UPDATE /pods/status n/mine', pod({ nodeName: 'n1' }), pod({ nodeName: 'n1' }), null],
    [
      'UPDATE /pods/status n/other',
      pod({ nodeName: 'n2' }),
      pod({ nodeName: 'n2' }),
      forbidden(
        'pods "other"',
        'node "n1" can only update pod status for pods with spec.nodeName set to itself',
      ),
    ],
    [
      'UPDATE /pods/status n/mine',
      pod({ nodeName: 'n1' }, { labels: { a: 'b' } }),
      pod({ nodeName: 'n1' }),
      forbidden('pods "mine"', 'node "n1" cannot update labels through pod status'),
    ],
    [
      'CREATE /pods/eviction n/other',
      { metadata: { name: 'other' } },
      null,
      forbidden('pods "other"', 'node n1 can only evict pods with spec.nodeName set to itself'),
    ],
    [
      'CREATE /pods/exec n/mine',
      pod(),
      null,
      forbidden(
        'pods "mine"',
        "unexpected pod subresource \"exec\", only 'status' and 'eviction' are allowed",
      ),
    ],
    [
      'CREATE /nodes /',
      node({ 'kubernetes.io/hostname': 'n1', 'node.kubernetes.io/x': 'y', own: 'z' }),
      null,
      null,
    ],
    [
      'CREATE /nodes /',
      node({ 'node-restriction.kubernetes.io/a': 'b', 'foo.k8s.io/x': 'y' }),
      null,
      forbidden(
        'nodes "n1"',
        'node "n1" is not allowed to set the following labels: foo.k8s.io/x, node-restriction.kubernetes.io/a',
      ),
    ],
    [
      'UPDATE /nodes /n2',
      node({}),
      node({}),
      forbidden('nodes "n2"', 'node "n1" is not allowed to modify node "n2"'),
    ],
    [
      'UPDATE /nodes /n1',
      node({}, { taints: [] }),
      node({}, { taints: [{ key: 'a' }] }),
      forbidden('nodes "n1"', 'node "n1" is not allowed to modify taints'),
    ],
    [
      'UPDATE /nodes/status /n1',
      node({ 'node-role.kubernetes.io/x': '' }),
      node({}),
      forbidden('nodes "n1"', 'is not allowed to modify labels: node-role.kubernetes.io/x'),
    ],
    ['CREATE /serviceaccounts/token n/sa', token('u1'), null, null],
    [
      'CREATE /serviceaccounts/token n/sa',
      token(''),
      null,
      forbidden('serviceaccounts "sa"', 'node requested token with a pod binding without a uid'),
    ],
    [
      'CREATE /serviceaccounts/token n/sa',
      token('u2', 'other'),
      null,
      forbidden(
        'serviceaccounts "sa"',
        'node requested token bound to a pod scheduled on a different node',
      ),
    ],
    [
      'CREATE /serviceaccounts/token n/sa',
      { metadata: {}, spec: {} },
      null,
      forbidden('serviceaccounts "sa"', 'node requested token not bound to a pod'),
    ],
    [
      'UPDATE coordination.k8s.io/leases kube-node-lease/n1',
      { metadata: { name: 'n1' } },
      null,
      null,
    ],
    [
      'UPDATE coordination.k8s.io/leases kube-node-lease/n2',
      { metadata: { name: 'n2' } },
      null,
      forbidden(
        'leases.coordination.k8s.io "n2"',
        'can only access node lease with the same name as the requesting node',
      ),
    ],
    [
      'UPDATE /persistentvolumeclaims n/c',
      pod(),
      pod(),
      forbidden('persistentvolumeclaims "c"', 'may only update PVC status'),
    ],
    ['UPDATE apps/deployments n/d', pod(), pod(), null],
  ];
  for (const [what, object, old, error] of cases)
    t.equal(await admit(plugin, world.request(what, { object, old, user: kubelet })), error, what);
  const nameless = { ...kubelet, name: 'system:node:' };
  t.match(
    await admit(plugin, world.request('CREATE /pods n/', { object: mirror(), user: nameless })),
    /could not determine node from user "system:node:"/,
  );
  t.equal(
    await admit(plugin, world.request('DELETE /pods n/other')),
    null,
    'everybody else is none of its business',
  );
});
