import t, { type Test } from 'tap';
import type {
  Container,
  PodSpec,
  Volume,
  VolumeProjection,
} from '../../../../src/control/api/gen/core-v1.js';
import { createErrors, podOf } from './fixtures.js';

type Case = readonly [name: string, container: Container, errors: readonly string[]];

const volumes: Volume[] = [
  { name: 'v', emptyDir: {} },
  { name: 'p', persistentVolumeClaim: { claimName: 'c' } },
];

function check(t: Test, cases: readonly Case[]): void {
  for (const [name, container, errors] of cases) {
    const spec = { volumes, containers: [{ name: 'c', image: 'i', ...container }] };
    const expected = errors.map((error) => `spec.containers[0].${error}`);
    t.same(createErrors('Pod', podOf(spec)), expected, name);
  }
}

const mounts: readonly Case[] = [
  [
    'a mount and a device',
    {
      volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a/b' }],
      volumeDevices: [{ name: 'p', devicePath: '/dev/p' }],
    },
    [],
  ],
  [
    'a path twice',
    {
      volumeMounts: [
        { name: 'v', mountPath: '/v' },
        { name: 'p', mountPath: '/v' },
      ],
    },
    ['volumeMounts[1].mountPath: Invalid value: "/v": must be unique'],
  ],
  [
    'paths that leave the volume',
    {
      volumeMounts: [
        { name: 'v', mountPath: '/a', subPath: '../x' },
        { name: 'v', mountPath: '/b', subPath: 'x', subPathExpr: '/y' },
      ],
    },
    [
      'volumeMounts.subPath: Invalid value: "../x": must not contain \'..\'',
      'volumeMounts[1].subPathExpr: Invalid value: "/y": subPathExpr and subPath are mutually exclusive',
      'volumeMounts.subPathExpr: Invalid value: "/y": must be a relative path',
    ],
  ],
  [
    'mounts that reach the node',
    {
      volumeMounts: [
        {
          name: 'v',
          mountPath: '/v',
          mountPropagation: 'Bidirectional',
          recursiveReadOnly: 'Enabled',
        },
      ],
    },
    [
      'volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      'volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
      'volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
    ],
  ],
  [
    'a device that is none',
    { volumeDevices: [{ name: 'v', devicePath: '/a/../b' }] },
    [
      'volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
      'volumeDevices[0].devicePath: Invalid value: "/a/../b": can not contain backsteps (\'..\')',
    ],
  ],
];

t.test('checkVolumeMounts and checkVolumeDevices refuse with the texts of the API', async (t) => {
  check(t, mounts);
});

const handlers: readonly Case[] = [
  [
    'good handlers',
    {
      lifecycle: { preStop: { sleep: { seconds: 0 } }, postStart: { exec: { command: ['a'] } } },
      livenessProbe: { grpc: { port: 1 } },
      readinessProbe: {
        httpGet: { port: 'http', httpHeaders: [{ name: 'X-A', value: 'b' }] },
        successThreshold: 3,
      },
    },
    [],
  ],
  [
    'handlers that do not say what to do',
    {
      lifecycle: { preStop: { exec: {} }, postStart: {} },
      livenessProbe: { httpGet: { port: 0, scheme: 'FTP', httpHeaders: [{ name: 'a b' }] } },
    },
    [
      'lifecycle.postStart: Required value: must specify a handler type',
      'lifecycle.preStop.exec.command: Required value',
      'livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
      "livenessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    ],
  ],
  [
    'a sleep that is longer than the pod lives',
    { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
    [
      'lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ],
  ],
  [
    'numbers below zero',
    {
      livenessProbe: {
        exec: { command: ['a'] },
        initialDelaySeconds: -1,
        terminationGracePeriodSeconds: 0,
      },
      readinessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 1 },
    },
    [
      'livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
      'livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
      'readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes',
    ],
  ],
];

t.test('checkLifecycle and checkProbes refuse with the texts of the API', async (t) => {
  check(t, handlers);
});

const environment: readonly Case[] = [
  [
    'variables from elsewhere',
    {
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a.b/c']" } } },
        { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
        { name: 'C', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'f', key: 'K' } } },
      ],
      envFrom: [{ configMapRef: { name: 'm' } }, { prefix: 'P_', secretRef: { name: 's' } }],
    },
    [],
  ],
  [
    'sources of nothing and of two things',
    { envFrom: [{}, { configMapRef: { name: 'm' }, secretRef: {} }] },
    [
      'envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
      'envFrom[1].secretRef.name: Required value',
      'envFrom: Invalid value: "": may not have more than one field specified at a time',
    ],
  ],
  [
    'amounts in what is no unit',
    {
      env: [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1M' } } },
        { name: 'B', valueFrom: { resourceFieldRef: { resource: 'gold' } } },
      ],
    },
    [
      'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
      'env[1].valueFrom.resourceFieldRef.resource: Unsupported value: "gold": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
    ],
  ],
  [
    "a file in a volume that is not the pod's own",
    {
      env: [
        { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'p', path: 'f', key: 'K' } } },
        { name: 'B', valueFrom: { fileKeyRef: { volumeName: 'x', path: 'f', key: 'K' } } },
      ],
    },
    [
      'env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "p": referenced volume must be of type emptyDir',
      'env[1].valueFrom.fileKeyRef.volumeName: Not found: "x"',
    ],
  ],
];

t.test('checkEnv and checkEnvFrom refuse with the texts of the API', async (t) => {
  check(t, environment);
});

const projections: readonly (readonly [source: VolumeProjection, errors: readonly string[]])[] = [
  [{ secret: { name: 's', items: [{ key: 'k', path: 'a' }] } }, []],
  [{ secret: {} }, ['.sources[0].secret.name: Required value']],
  [
    {
      configMap: {
        name: 'm',
        items: [
          { key: 'k', path: 'a' },
          { key: 'l', path: 'a' },
        ],
      },
    },
    [': Invalid value: "m": conflicting duplicate paths'],
  ],
  [{ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.name' } }] } }, []],
];

t.test('checkProjected refuses with the texts of the API', async (t) => {
  for (const [source, errors] of projections) {
    const spec: PodSpec = { volumes: [{ name: 'v', projected: { sources: [source] } }] };
    const expected = errors.map((error) => `spec.volumes[0].projected${error}`);
    t.same(createErrors('Pod', podOf(spec)), expected, JSON.stringify(source));
  }
  const token: PodSpec = {
    serviceAccountName: 's',
    volumes: [
      {
        name: 'v',
        projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 599 } }] },
      },
    ],
  };
  t.match(
    createErrors('Pod', podOf(token))[0],
    /expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes$/,
  );
  const { serviceAccountName: _, ...anonymous } = token;
  t.match(
    createErrors('Pod', podOf(anonymous)).at(-1),
    /serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set$/,
  );
});

t.test('checkWindowsOptions refuses names that Windows does not have', async (t) => {
  const names: readonly (readonly [name: string, problem: string | undefined])[] = [
    ['user', undefined],
    ['DOMAIN\\user', undefined],
    ['a.b\\user', undefined],
    ['', 'runAsUserName cannot be an empty string'],
    ['a\\b\\c', 'runAsUserName cannot contain more than one backslash'],
    ['a\nb', 'runAsUserName cannot contain control characters'],
    ['..', "runAsUserName's User cannot contain only periods or spaces"],
    ['.a\\user', "runAsUserName's Domain doesn't match the NetBios nor the DNS format"],
    ['DOMAIN\\', "runAsUserName's User cannot be empty"],
  ];
  for (const [name, problem] of names) {
    const spec = {
      os: { name: 'windows' },
      securityContext: { windowsOptions: { runAsUserName: name } },
    };
    const shown = JSON.stringify(name);
    const path = 'spec.securityContext.windowsOptions.runAsUserName';
    const expected = problem === undefined ? [] : [`${path}: Invalid value: ${shown}: ${problem}`];
    t.same(createErrors('Pod', podOf(spec)), expected, shown);
  }
});
