import t from 'tap';
import type { Pod, PodSpec, Volume } from '../../../../src/control/api/gen/core-v1.js';
import { context, defaulted, kindOf, podOf } from './fixtures.js';

t.test('setPodDefaults fills in a pod, and changes nothing the second time', async (t) => {
  const pod = defaulted('Pod', podOf());
  t.same(pod.spec, {
    containers: [
      {
        name: 'c',
        image: 'i',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  t.same(defaulted('Pod', pod), pod);
});

t.test('defaultPullPolicy pulls what may change', async (t) => {
  const digest = `@sha256:${'0'.repeat(64)}`;
  const images: readonly (readonly [image: string, policy: string])[] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1', 'IfNotPresent'],
    ['host:5000/nginx', 'Always'],
    ['host:5000/nginx:v1', 'IfNotPresent'],
    [`nginx${digest}`, 'IfNotPresent'],
    [`nginx:latest${digest}`, 'Always'],
    ['Bad Name', 'IfNotPresent'],
    ['', 'IfNotPresent'],
  ];
  for (const [image, policy] of images) {
    const pod = defaulted('Pod', podOf({ containers: [{ name: 'c', image }] }));
    t.equal(pod.spec?.containers?.[0]?.imagePullPolicy, policy, image);
  }
});

const volumes: readonly (readonly [volume: Volume, filled: Volume])[] = [
  [{ name: 'a' }, { name: 'a', emptyDir: {} }],
  [
    { name: 'a', secret: {} },
    { name: 'a', secret: { defaultMode: 420 } },
  ],
  [
    { name: 'a', hostPath: { path: '/' } },
    { name: 'a', hostPath: { path: '/', type: '' } },
  ],
  [
    { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
    {
      name: 'a',
      projected: {
        defaultMode: 420,
        sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }],
      },
    },
  ],
  [
    { name: 'a', ephemeral: { volumeClaimTemplate: { spec: {} } } },
    { name: 'a', ephemeral: { volumeClaimTemplate: { spec: { volumeMode: 'Filesystem' } } } },
  ],
];

t.test('setVolumeDefaults fills in volumes by their kind', async (t) => {
  for (const [volume, filled] of volumes) {
    t.same(defaulted('Pod', podOf({ volumes: [volume] })).spec?.volumes, [filled]);
  }
});

t.test(
  'setPodDefaults sets requests from limits, and ports of the node in its network',
  async (t) => {
    const container = { name: 'c', image: 'i:1', ports: [{ containerPort: 80 }] };
    const spec: PodSpec = {
      hostNetwork: true,
      containers: [
        {
          ...container,
          resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '5m' } },
        },
      ],
    };
    const filled = defaulted('Pod', podOf(spec)).spec?.containers?.[0];
    t.same(filled?.resources?.requests, { cpu: '5m', memory: '1Gi' });
    t.same(filled?.ports, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
  },
);

t.test('setPodDefaults sets what a pod needs as a whole from its containers', async (t) => {
  const limits = { cpu: '2' };
  const of = (requests: Record<string, string>) => ({
    name: 'c',
    image: 'i',
    resources: { requests },
  });
  const filled = defaulted(
    'Pod',
    podOf({ resources: { limits }, containers: [of({ cpu: '500m' })] }),
  );
  t.same(filled.spec?.resources, { limits, requests: { cpu: '500m' } });
  const without = defaulted('Pod', podOf({ resources: { limits } }));
  t.same(without.spec?.resources, { limits, requests: { cpu: '2' } });
});

t.test('setPodDefaults keeps old and new fields the same', async (t) => {
  t.match(defaulted('Pod', podOf({ serviceAccount: 'a' })).spec, { serviceAccountName: 'a' });
  t.match(defaulted('Pod', podOf({ serviceAccount: 'a', serviceAccountName: 'b' })).spec, {
    serviceAccount: 'b',
    serviceAccountName: 'b',
  });
  const pod: Pod = { ...podOf(), status: { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.2' }] } };
  t.same(defaulted('Pod', pod).status, { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }] });
});

function prepared(pod: Pod): Pod {
  const copy = defaulted('Pod', pod);
  kindOf('Pod').prepareForCreate?.(copy, context);
  return copy;
}

t.test('preparePodCreate gives a new pod its first status', async (t) => {
  const pod = prepared({ ...podOf(), status: { phase: 'Running', message: 'mine' } });
  t.same(pod.status, { phase: 'Pending', qosClass: 'BestEffort' });
  const gated = prepared(podOf({ schedulingGates: [{ name: 'a' }] }));
  t.same(gated.status?.conditions, [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    },
  ]);
});

t.test(
  'preparePodCreate puts label keys into selectors, and drops what is not served',
  async (t) => {
    const pod = prepared(
      podOf(
        {
          topologySpreadConstraints: [{ matchLabelKeys: ['v', 'constructor'], labelSelector: {} }],
          schedulingGroup: {},
          volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { path: 'a' } }] } }],
        },
        { labels: { v: '1' } },
      ),
    );
    t.same(pod.spec?.topologySpreadConstraints?.[0]?.labelSelector, {
      matchExpressions: [{ key: 'v', operator: 'In', values: ['1'] }],
    });
    t.equal(pod.spec?.schedulingGroup, undefined);
    t.same(pod.spec?.volumes?.[0]?.projected?.sources, [{}]);
  },
);

const qos: readonly (readonly [name: string, spec: PodSpec, qosClass: string])[] = [
  ['nothing', {}, 'BestEffort'],
  [
    'limits of both',
    { containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1' } } }] },
    'Guaranteed',
  ],
  [
    'limits of one',
    { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] },
    'Burstable',
  ],
  [
    'one container of two',
    {
      containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1' } } }, { name: 'd' }],
    },
    'Burstable',
  ],
  [
    'amounts that are written differently',
    {
      containers: [
        {
          name: 'c',
          resources: {
            limits: { cpu: '1', memory: '1Ki' },
            requests: { cpu: '1000m', memory: '1024' },
          },
        },
      ],
    },
    'Guaranteed',
  ],
  ['the pod as a whole', { resources: { limits: { cpu: '1', memory: '1' } } }, 'Guaranteed'],
  [
    'another resource',
    { containers: [{ name: 'c', resources: { limits: { 'a/b': '1' } } }] },
    'BestEffort',
  ],
];

t.test('qosClassOf tells how well a pod is served', async (t) => {
  for (const [name, spec, qosClass] of qos) {
    t.equal(prepared(podOf(spec)).status?.qosClass, qosClass, name);
  }
});

t.test('podGracePeriodSeconds gives time to pods that run', async (t) => {
  const grace = kindOf('Pod').gracePeriodSeconds;
  const on = podOf({ nodeName: 'n', terminationGracePeriodSeconds: 7 });
  t.equal(grace?.(on, undefined), 7);
  t.equal(grace?.(on, 3), 3);
  t.equal(grace?.(on, -3), 1);
  t.equal(grace?.(podOf({ terminationGracePeriodSeconds: 7 }), 3), 0);
  t.equal(grace?.({ ...on, status: { phase: 'Failed' } } as Pod, 3), 0);
});

t.test('podWarnings tells what will surprise', async (t) => {
  const warnings = (spec: PodSpec, meta = {}) =>
    kindOf('Pod').warnings?.(podOf(spec, meta), undefined, context);
  t.same(warnings({}), []);
  t.same(
    warnings({
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      terminationGracePeriodSeconds: -1,
      volumes: [{ name: 'v', gitRepo: {} }],
      imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}],
      containers: [
        {
          name: 'c',
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
            { name: 'A', value: '$(A)3' },
          ],
          ports: [
            { containerPort: 80, protocol: 'TCP' },
            { containerPort: 80, protocol: 'TCP' },
          ],
          resources: { limits: { memory: '100m' } },
        },
      ],
    }),
    [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      'spec.volumes[0].gitRepo: deprecated in v1.11',
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
      'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
      'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ],
  );
  t.match(
    warnings({}, { name: 'a.b' })?.[0],
    /^metadata\.name: this is used in the Pod's hostname.*\[must not contain dots\]$/,
  );
});
