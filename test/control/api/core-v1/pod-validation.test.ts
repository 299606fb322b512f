import t from 'tap';
import type { PodSpec } from '../../../../src/control/api/gen/core-v1.js';
import { createErrors, podOf } from './fixtures.js';

const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

type Case = readonly [name: string, spec: PodSpec, errors: readonly string[]];

const good: readonly (readonly [name: string, spec: PodSpec])[] = [
  ['one container', {}],
  [
    'every kind of container',
    {
      initContainers: [
        { name: 'i', image: 'x' },
        {
          name: 's',
          image: 'x',
          restartPolicy: 'Always',
          livenessProbe: { exec: { command: ['a'] } },
        },
      ],
    },
  ],
  [
    'a volume that is mounted',
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    },
  ],
  [
    'the same port with different protocols',
    {
      containers: [
        {
          name: 'c',
          image: 'i',
          ports: [
            { containerPort: 53, hostPort: 53 },
            { containerPort: 53, hostPort: 53, protocol: 'UDP' },
          ],
        },
      ],
    },
  ],
  ['a deadline of a second', { activeDeadlineSeconds: 1 }],
  ['a negative grace period', { terminationGracePeriodSeconds: -1 }],
  [
    'restart rules of a container',
    {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'i',
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        },
      ],
    },
  ],
  [
    'a search domain with an underscore',
    {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['10.0.0.1'], searches: ['_a.b_c.', '.'] },
    },
  ],
  [
    'requests below limits for the pod as a whole',
    {
      resources: { requests: { cpu: '1' }, limits: { cpu: '2' } },
      containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '500m' } } }],
    },
  ],
];

t.test('Pod lets in what is sound', async (t) => {
  for (const [name, spec] of good) t.same(createErrors('Pod', podOf(spec)), [], name);
});

const cases: readonly Case[] = [
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  [
    'a container of nothing',
    { containers: [{}] },
    ['spec.containers[0].name: Required value', 'spec.containers[0].image: Required value'],
  ],
  [
    'a name in upper case',
    { containers: [{ name: 'C', image: 'i' }] },
    [`spec.containers[0].name: Invalid value: "C": ${labelText}`],
  ],
  [
    'a name twice',
    {
      containers: [
        { name: 'c', image: 'i' },
        { name: 'c', image: 'i' },
      ],
      initContainers: [{ name: 'c', image: 'i' }],
    },
    [
      'spec.containers[1].name: Duplicate value: "c"',
      'spec.initContainers[0].name: Duplicate value: "c"',
    ],
  ],
  [
    'spaces around an image',
    { containers: [{ name: 'c', image: ' i' }] },
    ['spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace'],
  ],
  [
    'unknown policies',
    { restartPolicy: 'Sometimes', dnsPolicy: 'Guess' },
    [
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      'spec.dnsPolicy: Unsupported value: "Guess": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    'a deadline of nothing',
    { activeDeadlineSeconds: 0 },
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    'a name server when there must be one',
    { dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'too many name servers, and a bad one',
    {
      dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '010.0.0.1'] },
    },
    [
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","010.0.0.1"]: must not have more than 3 nameservers',
      'spec.dnsConfig.nameservers[3]: Invalid value: "010.0.0.1": must not have leading 0s',
    ],
  ],
  [
    'probes of init containers',
    {
      initContainers: [
        { name: 'i', image: 'x', readinessProbe: { tcpSocket: { port: 80 } }, lifecycle: {} },
      ],
    },
    [
      'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ],
  ],
  [
    'ephemeral containers',
    { ephemeralContainers: [{ name: 'e', image: 'x' }] },
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  [
    'a node in spite of gates',
    { nodeName: 'n', schedulingGates: [{ name: 'a/b' }, { name: 'a/b' }] },
    [
      'spec.schedulingGates[1]: Duplicate value: "a/b"',
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
  ],
  [
    'the users and the network of the node',
    { hostUsers: false, hostNetwork: true, hostPID: true },
    [
      'spec.hostNetwork: Forbidden: when `hostUsers` is false',
      'spec.HostPID: Forbidden: when `hostUsers` is false',
    ],
  ],
  [
    'fields of Linux on Windows',
    {
      os: { name: 'windows' },
      hostPID: true,
      securityContext: { runAsUser: 1 },
      containers: [{ name: 'c', image: 'i', securityContext: { privileged: true } }],
    },
    [
      'spec.hostPID: Forbidden: cannot be set for a windows pod',
      'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
      'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    ],
  ],
  [
    'an unknown system',
    { os: { name: 'plan9' } },
    ['spec.os: Unsupported value: "plan9": supported values: "linux", "windows"'],
  ],
  [
    'a toleration without a key',
    { tolerations: [{ operator: 'Equal', value: 'x' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'a toleration for a time that does not evict',
    {
      tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }],
    },
    [
      'spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
  ],
  [
    'a label that is none',
    { nodeSelector: { 'a b': 'c' } },
    [
      "spec.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    'a host alias that is no address',
    { hostAliases: [{ ip: 'x', hostnames: ['a'] }] },
    [
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  [
    'a spread by nothing',
    {
      topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: '' }],
    },
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    'a sysctl of the node',
    {
      hostNetwork: true,
      securityContext: {
        sysctls: [
          { name: 'net.ipv4.ip_forward', value: '1' },
          { name: 'a..b', value: '' },
        ],
      },
    },
    [
      'spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.ip_forward": may not be specified when \'hostNetwork\' is true',
      'spec.securityContext.sysctls[1].name: Invalid value: "a..b": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
    ],
  ],
  [
    'more for a container than for the pod',
    {
      resources: { requests: { cpu: '1' }, limits: { cpu: '1' } },
      containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '2' } } }],
    },
    [
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
      'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ],
  ],
  [
    'a name that overrides and cannot',
    { hostnameOverride: 'a', setHostnameAsFQDN: true, hostNetwork: true },
    [
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
      'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
    ],
  ],
];

t.test('Pod refuses with the texts of the API', async (t) => {
  for (const [name, spec, errors] of cases) t.same(createErrors('Pod', podOf(spec)), errors, name);
});

t.test('Pod refuses annotations that say what it is not', async (t) => {
  const annotations = {
    'kubernetes.io/config.mirror': 'x',
    'controller.kubernetes.io/pod-deletion-cost': '+1',
    'container.apparmor.security.beta.kubernetes.io/z': 'nope',
  };
  t.same(createErrors('Pod', podOf({}, { annotations })), [
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/z]: Invalid value: "z": container not found',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/z]: Invalid value: "nope": invalid AppArmor profile name: "nope"',
  ]);
  t.same(createErrors('Pod', podOf({}, { finalizers: ['mine'] })), [
    'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
});
