import t from 'tap';
import type { PodSpec } from '../../../../src/control/api/gen/core-v1.js';
import {
  violationsOf,
  violationsText,
} from '../../../../src/control/apiserver/admission/pod-security/evaluator.js';
import {
  type LevelVersion,
  parseVersion,
  policyOf,
} from '../../../../src/control/apiserver/admission/pod-security/level-version.js';
import {
  defaultPodSecurity,
  podSecurity,
} from '../../../../src/control/apiserver/admission/pod-security/plugin.js';
import { cloneJson } from '../../../../src/control/machinery/clone.js';
import { AdmissionWorld, admit } from './world.js';

const good: PodSpec = {
  containers: [
    {
      name: 'c',
      image: 'i',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
};

/** The good pod with a change. */
function changed(
  change: (spec: Required<Pick<PodSpec, 'containers' | 'securityContext'>> & PodSpec) => void,
): PodSpec {
  const spec = cloneJson(good) as Parameters<typeof change>[0];
  change(spec);
  return spec;
}

const context = (spec: PodSpec) => spec.containers![0]!.securityContext!;

const cases: readonly [
  id: string,
  level: 'baseline' | 'restricted',
  spec: PodSpec,
  text: string,
  annotations?: Record<string, string>,
  version?: LevelVersion['version'],
][] = [
  [
    'privileged',
    'baseline',
    changed((s) => {
      context(s).privileged = true;
    }),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  [
    'host namespaces',
    'baseline',
    changed((s) => {
      s.hostNetwork = true;
      s.hostPID = true;
      s.hostIPC = true;
    }),
    'host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)',
  ],
  [
    'hostPath',
    'baseline',
    changed((s) => {
      s.volumes = [
        { name: 'a', hostPath: { path: '/' } },
        { name: 'b', hostPath: { path: '/' } },
      ];
    }),
    'hostPath volumes (volumes "a", "b")',
  ],
  [
    'hostPort',
    'baseline',
    changed((s) => {
      s.containers[0]!.ports = [{ hostPort: 80, containerPort: 80 }, { containerPort: 81 }];
    }),
    'hostPort (container "c" uses hostPort 80)',
  ],
  [
    'two hostPorts',
    'baseline',
    changed((s) => {
      s.containers = [
        { ...s.containers[0], ports: [{ hostPort: 9 }, { hostPort: 80 }] },
        { ...s.containers[0], name: 'd', ports: [{ hostPort: 80 }] },
      ];
    }),
    'hostPort (containers "c", "d" use hostPorts 80, 9)',
  ],
  [
    'capabilities',
    'baseline',
    changed((s) => {
      context(s).capabilities = { drop: ['ALL'], add: ['SYS_ADMIN', 'CHOWN', 'NET_RAW'] };
    }),
    'non-default capabilities (container "c" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    'AppArmor field',
    'baseline',
    changed((s) => {
      s.securityContext.appArmorProfile = { type: 'Unconfined' };
    }),
    'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
  ],
  [
    'AppArmor annotation',
    'baseline',
    good,
    'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' },
  ],
  [
    'SELinux',
    'baseline',
    changed((s) => {
      s.securityContext.seLinuxOptions = { type: 'spc_t', user: 'u' };
      context(s).seLinuxOptions = { role: 'r' };
    }),
    'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
  ],
  [
    'SELinux engine in 1.30',
    'baseline',
    changed((s) => {
      s.securityContext.seLinuxOptions = { type: 'container_engine_t' };
    }),
    'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
    {},
    30,
  ],
  [
    'SELinux engine in 1.31',
    'baseline',
    changed((s) => {
      s.securityContext.seLinuxOptions = { type: 'container_engine_t' };
    }),
    '',
    {},
    31,
  ],
  [
    'procMount',
    'baseline',
    changed((s) => {
      context(s).procMount = 'Unmasked';
    }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'procMount in a user namespace',
    'baseline',
    changed((s) => {
      context(s).procMount = 'Unmasked';
      s.hostUsers = false;
    }),
    '',
  ],
  [
    'procMount in a user namespace, restricted',
    'restricted',
    changed((s) => {
      context(s).procMount = 'Unmasked';
      s.hostUsers = false;
    }),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'seccomp',
    'baseline',
    changed((s) => {
      s.securityContext.seccompProfile = { type: 'Unconfined' };
    }),
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    'seccomp annotation in 1.18',
    'baseline',
    good,
    'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
    { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' },
    18,
  ],
  [
    'sysctl',
    'baseline',
    changed((s) => {
      s.securityContext.sysctls = [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }];
    }),
    'forbidden sysctls (kernel.msgmax)',
  ],
  [
    'sysctl in 1.31',
    'baseline',
    changed((s) => {
      s.securityContext.sysctls = [{ name: 'net.ipv4.tcp_rmem' }];
    }),
    'forbidden sysctls (net.ipv4.tcp_rmem)',
    {},
    31,
  ],
  [
    'hostProcess',
    'baseline',
    changed((s) => {
      s.securityContext.windowsOptions = { hostProcess: true };
    }),
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    'probe host',
    'baseline',
    changed((s) => {
      s.containers[0]!.livenessProbe = { httpGet: { host: '10.0.0.1', port: 80 } };
    }),
    'probe or lifecycle host (container "c" uses probe or lifecycle host "10.0.0.1")',
  ],
  [
    'probe host in 1.33',
    'baseline',
    changed((s) => {
      s.containers[0]!.livenessProbe = { httpGet: { host: '10.0.0.1', port: 80 } };
    }),
    '',
    {},
    33,
  ],
  [
    'escalation',
    'restricted',
    changed((s) => {
      delete context(s).allowPrivilegeEscalation;
    }),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
  ],
  [
    'escalation of Windows',
    'restricted',
    changed((s) => {
      delete context(s).allowPrivilegeEscalation;
      s.os = { name: 'windows' };
    }),
    '',
  ],
  [
    'capabilities',
    'restricted',
    changed((s) => {
      context(s).capabilities = { add: ['CHOWN'] };
    }),
    'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  [
    'volumes',
    'restricted',
    changed((s) => {
      s.volumes = [
        { name: 'a', hostPath: { path: '/' } },
        { name: 'b', emptyDir: {} },
        { name: 'n', nfs: { server: 's', path: '/' } },
      ];
    }),
    'restricted volume types (volumes "a", "n" use restricted volume types "hostPath", "nfs")',
  ],
  [
    'root',
    'restricted',
    changed((s) => {
      s.securityContext.runAsNonRoot = false;
    }),
    'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)',
  ],
  [
    'maybe root',
    'restricted',
    changed((s) => {
      delete s.securityContext.runAsNonRoot;
    }),
    'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
  ],
  [
    'user 0',
    'restricted',
    changed((s) => {
      s.securityContext.runAsUser = 0;
    }),
    'runAsUser=0 (pod must not set runAsUser=0)',
  ],
  [
    'user 0 in 1.22',
    'restricted',
    changed((s) => {
      s.securityContext.runAsUser = 0;
    }),
    '',
    {},
    22,
  ],
  [
    'no seccomp',
    'restricted',
    changed((s) => {
      delete s.securityContext.seccompProfile;
    }),
    'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'ephemeral containers',
    'restricted',
    changed((s) => {
      s.ephemeralContainers = [{ name: 'e', securityContext: { allowPrivilegeEscalation: false } }];
    }),
    'unrestricted capabilities (container "e" must set securityContext.capabilities.drop=["ALL"])',
  ],
];

t.test('violationsOf tells what Kubernetes tells', async (t) => {
  t.same(
    violationsOf({ annotations: {}, spec: good }, { level: 'restricted', version: 'latest' }),
    [],
  );
  for (const [title, level, spec, text, annotations = {}, version = 'latest'] of cases)
    t.equal(
      violationsText(violationsOf({ annotations, spec }, { level, version })),
      text,
      `${level} ${title}`,
    );
});

t.test(
  'violationsOf: restricted forbids whatever baseline forbids, and privileged nothing',
  async (t) => {
    for (const [title, level, spec, text, annotations = {}] of cases) {
      const pod = { annotations, spec };
      t.same(violationsOf(pod, { level: 'privileged', version: 'latest' }), []);
      if (
        level === 'baseline' &&
        text !== '' &&
        violationsOf(pod, { level, version: 'latest' }).length > 0
      )
        t.not(violationsOf(pod, { level: 'restricted', version: 'latest' }).length, 0, title);
    }
  },
);

t.test('policyOf reads labels, and falls on the strict side', async (t) => {
  const prefix = 'pod-security.kubernetes.io/';
  const read = (labels: Record<string, string>) =>
    policyOf(
      Object.fromEntries(Object.entries(labels).map(([key, value]) => [prefix + key, value])),
      defaultPodSecurity.defaults,
    );
  t.same(read({ enforce: 'baseline', 'enforce-version': 'v1.30' }).policy, {
    enforce: { level: 'baseline', version: 30 },
    audit: { level: 'privileged', version: 'latest' },
    warn: { level: 'baseline', version: 30 },
  });
  const broken = read({ enforce: 'strict', 'warn-version': '1.2', audit: '' });
  t.equal(broken.policy.enforce.level, 'restricted');
  t.equal(broken.policy.warn.level, 'privileged', 'a broken level warns of nothing');
  t.same(
    broken.problems.map(({ field, message }) => `${field}: ${message}`),
    [
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/audit]: Invalid value: "": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"',
    ],
  );
  for (const [text, version] of [
    ['latest', 'latest'],
    ['v1.0', 0],
    ['v1.36', 36],
    ['v1.01', undefined],
    ['v2.1', undefined],
    ['1.30', undefined],
  ] as const)
    t.equal(parseVersion(text), version, text);
});

const restrictedNamespace = {
  metadata: {
    name: 'n',
    labels: {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/audit': 'baseline',
    },
  },
};
const bad = changed((s) => {
  context(s).privileged = true;
});

t.test('PodSecurity refuses pods, and only warns of controllers', async (t) => {
  const world = new AdmissionWorld().have('/namespaces', restrictedNamespace);
  const plugin = podSecurity(defaultPodSecurity, world);
  const pod = { metadata: { name: 'p', namespace: 'n' }, spec: bad };
  const text = 'privileged (container "c" must not set securityContext.privileged=true)';
  t.equal(
    await admit(plugin, world.request('CREATE /pods n/', { object: pod })),
    `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${text}`,
  );
  t.same(world.annotations, {
    'pod-security.kubernetes.io/enforce-policy': 'restricted:latest',
    'pod-security.kubernetes.io/audit-violations': `would violate PodSecurity "baseline:latest": ${text}`,
  });
  const deployment = { metadata: { name: 'd' }, spec: { template: { spec: bad } } };
  t.equal(
    await admit(plugin, world.request('CREATE apps/deployments n/', { object: deployment })),
    null,
  );
  t.same(world.warnings, [`would violate PodSecurity "restricted:latest": ${text}`]);
  t.equal(
    await admit(
      plugin,
      world.request('CREATE /pods n/', { object: { metadata: { name: 'p' }, spec: good } }),
    ),
    null,
  );
  const labelled = { ...pod, metadata: { ...pod.metadata, labels: { a: 'b' } } };
  t.equal(
    await admit(plugin, world.request('UPDATE /pods n/p', { object: labelled, old: pod })),
    null,
    'an update that changes no image',
  );
  const image = cloneJson(pod);
  image.spec.containers![0]!.image = 'other';
  t.match(
    await admit(plugin, world.request('UPDATE /pods n/p', { object: image, old: pod })),
    /violates PodSecurity/,
  );
  t.equal(
    await admit(plugin, world.request('UPDATE /pods/status n/p', { object: image, old: pod })),
    null,
  );
});

t.test('PodSecurity knows exemptions', async (t) => {
  const world = new AdmissionWorld().have('/namespaces', restrictedNamespace, {
    ...restrictedNamespace,
    metadata: { ...restrictedNamespace.metadata, name: 'free' },
  });
  const plugin = podSecurity(
    {
      ...defaultPodSecurity,
      exemptNamespaces: ['free'],
      exemptUsernames: ['root'],
      exemptRuntimeClasses: ['vm'],
    },
    world,
  );
  const ask = (where: string, spec: PodSpec, name = 'jane') =>
    admit(
      plugin,
      world.request(`CREATE /pods ${where}/`, {
        object: { metadata: { name: 'p' }, spec },
        user: { name, uid: '', groups: [], extra: {} },
      }),
    );
  t.equal(await ask('free', bad), null);
  t.equal(await ask('n', bad, 'root'), null);
  t.equal(await ask('n', { ...bad, runtimeClassName: 'vm' }), null);
  t.match(await ask('n', bad), /violates/);
});

t.test('PodSecurity warns of pods that a stricter namespace would refuse', async (t) => {
  const world = new AdmissionWorld();
  const owned = { ownerReferences: [{ uid: 'rs', controller: true }] };
  for (const name of ['b', 'a', 'c'])
    world.have('/pods', { metadata: { name, namespace: 'n', ...owned }, spec: bad });
  world.have('/pods', { metadata: { name: 'fine', namespace: 'n' }, spec: good });
  const plugin = podSecurity(defaultPodSecurity, world);
  const before = { metadata: { name: 'n', labels: {} } };
  t.equal(
    await admit(
      plugin,
      world.request('UPDATE /namespaces /n', { object: restrictedNamespace, old: before }),
    ),
    null,
  );
  t.same(world.warnings, [
    'existing pods in namespace "n" violate the new PodSecurity enforce level "restricted:latest"',
    'a (and 2 other pods): privileged',
  ]);
  const broken = { metadata: { name: 'n', labels: { 'pod-security.kubernetes.io/enforce': 'x' } } };
  t.match(
    await admit(plugin, world.request('CREATE /namespaces /n', { object: broken })),
    /^Namespace "n" is invalid: metadata\.labels\[pod-security/,
  );
  t.equal(
    await admit(plugin, world.request('UPDATE /namespaces /n', { object: broken, old: broken })),
    null,
    'what was broken before may stay',
  );
});
