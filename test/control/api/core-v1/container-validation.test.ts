import t from 'tap';
import type { Container } from '../../../../src/control/api/gen/core-v1.js';
import { createErrors, podOf } from './fixtures.js';

const containers: readonly (readonly [
  name: string,
  container: Container,
  errors: readonly string[],
])[] = [
  [
    'a volume that is not there',
    { volumeMounts: [{ name: 'v', mountPath: '' }] },
    ['volumeMounts[0].name: Not found: "v"', 'volumeMounts[0].mountPath: Required value'],
  ],
  [
    'ports',
    { ports: [{}, { containerPort: 70000, hostPort: -1, protocol: 'X', name: 'a_b' }] },
    [
      'ports[0].containerPort: Required value',
      'ports[1].name: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'ports[1].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive',
      'ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
  [
    'a port of the node twice',
    {
      ports: [
        { containerPort: 1, hostPort: 2 },
        { containerPort: 3, hostPort: 2 },
      ],
    },
    ['ports[1].hostPort: Duplicate value: "TCP//2"'],
  ],
  [
    'variables',
    {
      env: [
        { name: '' },
        { name: 'a=b', value: 'x' },
        { name: 'c', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'd', valueFrom: {} },
        { name: 'e', valueFrom: { fieldRef: { fieldPath: 'spec.nope' } } },
      ],
    },
    [
      'env[0].name: Required value',
      'env[1].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
      'env[2].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'env[3].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'env[4].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nope": error converting fieldPath: field label not supported: spec.nope',
    ],
  ],
  [
    'a request above the limit',
    {
      resources: { requests: { cpu: '2', 'a.b/c': '1' }, limits: { cpu: '1', memory: '-1' } },
    },
    [
      'resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0',
      'resources.limits: Required value: Limit must be set for non overcommitable resources',
      'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      'resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
    ],
  ],
  [
    'a resource of no kind',
    { resources: { limits: { gold: '1' } } },
    [
      'resources.limits[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
      'resources.limits[gold]: Invalid value: "gold": must be a standard resource for containers',
      'resources.requests[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
      'resources.requests[gold]: Invalid value: "gold": must be a standard resource for containers',
    ],
  ],
  [
    'a probe of nothing, and one of two things',
    {
      livenessProbe: {},
      readinessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 'x' } },
      startupProbe: { httpGet: { port: 80, path: '/' }, successThreshold: 2 },
    },
    [
      'livenessProbe: Required value: must specify a handler type',
      'readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
      'startupProbe.successThreshold: Invalid value: 2: must be 1',
    ],
  ],
  [
    'privileges that contradict each other',
    {
      securityContext: { allowPrivilegeEscalation: false, privileged: true, procMount: 'Unmasked' },
    },
    [
      'securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
      'securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":"Unmasked","SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ],
  [
    'profiles',
    {
      securityContext: {
        seccompProfile: { type: 'Localhost', localhostProfile: '/abs' },
        appArmorProfile: { type: 'Sometimes' },
      },
    },
    [
      'securityContext.seccompProfile.localhostProfile: Invalid value: "/abs": must be a relative path',
      'securityContext.appArmorProfile.type: Unsupported value: "Sometimes": supported values: "Localhost", "RuntimeDefault", "Unconfined"',
    ],
  ],
  [
    'a restart policy with a bad rule',
    {
      restartPolicyRules: [{ action: 'Explode' }],
    },
    [
      'restartPolicy: Required value: must specify restartPolicy when restart rules are used',
      'restartPolicyRules[0].action: Unsupported value: "Explode": supported values: "Restart", "RestartAllContainers"',
      'restartPolicyRules[0].exitCodes: Required value: must be specified',
    ],
  ],
  [
    'a resize policy that is unknown',
    { resizePolicy: [{ resourceName: 'gold', restartPolicy: '' }] },
    [
      'resizePolicy: Unsupported value: "gold": supported values: "cpu", "memory"',
      'resizePolicy: Required value',
    ],
  ],
];

t.test('Pod refuses containers with the texts of the API', async (t) => {
  for (const [name, container, errors] of containers) {
    const spec = { containers: [{ name: 'c', image: 'i', ...container }] };
    const expected = errors.map((error) => `spec.containers[0].${error}`);
    t.same(createErrors('Pod', podOf(spec)), expected, name);
  }
});
