import t from 'tap';
import {
  validateEphemeralContainersUpdate,
  validatePodResize,
} from '../../../../src/control/api/core-v1/index.js';
import type {
  ContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
} from '../../../../src/control/api/gen/core-v1.js';
import {
  context,
  defaulted,
  kindOf,
  podOf,
  statusErrors,
  texts,
  updateErrors,
} from './fixtures.js';

const base: PodSpec = {
  activeDeadlineSeconds: 100,
  tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
};

const allowed: readonly (readonly [name: string, spec: PodSpec])[] = [
  ['nothing', base],
  ['an image', { ...base, containers: [{ name: 'c', image: 'j', imagePullPolicy: 'Always' }] }],
  ['a shorter deadline', { ...base, activeDeadlineSeconds: 50 }],
  [
    'a longer time to tolerate, and another toleration',
    {
      ...base,
      tolerations: [
        { key: 'b', operator: 'Exists' },
        { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 },
      ],
    },
  ],
];

t.test('validatePodUpdate allows what may change', async (t) => {
  for (const [name, spec] of allowed) {
    t.same(updateErrors('Pod', podOf(spec), podOf(base)), [], name);
  }
});

const refused: readonly (readonly [name: string, spec: PodSpec, errors: readonly string[]])[] = [
  [
    'a longer deadline',
    { ...base, activeDeadlineSeconds: 101 },
    [
      'spec.activeDeadlineSeconds: Invalid value: 101: must be less than or equal to previous value',
    ],
  ],
  [
    'a toleration less',
    { ...base, tolerations: [] },
    [
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ],
  ],
  [
    'a container more',
    {
      ...base,
      containers: [
        { name: 'c', image: 'i' },
        { name: 'd', image: 'i' },
      ],
    },
    ['spec.containers: Forbidden: pod updates may not add or remove containers'],
  ],
  [
    'a gate',
    { ...base, schedulingGates: [{ name: 'x' }] },
    [
      "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'x'",
    ],
  ],
];

t.test('validatePodUpdate refuses the rest', async (t) => {
  for (const [name, spec, errors] of refused) {
    t.same(updateErrors('Pod', podOf(spec), podOf(base)), errors, name);
  }
  const [without] = updateErrors('Pod', podOf({}), podOf({ activeDeadlineSeconds: 5 }));
  t.equal(
    without,
    'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
  );
});

t.test('validatePodUpdate shows what else was changed', async (t) => {
  const errors = updateErrors('Pod', podOf({ priority: 2 }), podOf({ priority: 1 }));
  t.equal(errors.length, 1);
  const [first, ...lines] = (errors[0] ?? '').split('\n');
  t.equal(
    first,
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  );
  t.match(lines[0], /^@@ -\d+,7 \+\d+,7 @@$/);
  t.same(
    lines.filter((line) => /^[-+]/.test(line)),
    ['-  "priority": 1,', '+  "priority": 2,'],
  );
});

t.test('validatePodUpdate takes amounts that are written differently for equal', async (t) => {
  const of = (cpu: string) =>
    podOf({ containers: [{ name: 'c', image: 'i', resources: { limits: { cpu } } }] });
  t.same(updateErrors('Pod', of('1'), of('1000m')), []);
  t.equal(updateErrors('Pod', of('1'), of('1001m')).length, 1);
});

t.test('validatePodUpdate lets the placement of a gated pod be narrowed only', async (t) => {
  const gates = { schedulingGates: [{ name: 'g' }] };
  const old = podOf({ ...gates, nodeSelector: { a: '1' } });
  t.same(updateErrors('Pod', podOf({ ...gates, nodeSelector: { a: '1', b: '2' } }), old), []);
  t.same(updateErrors('Pod', podOf({ ...gates, nodeSelector: { a: '2' } }), old), [
    'spec.nodeSelector: Invalid value: {"a":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
  ]);
  const affinity = (...keys: string[]): PodSpec => ({
    ...gates,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: keys.map((key) => ({ key, operator: 'Exists' })) },
          ],
        },
      },
    },
  });
  t.same(updateErrors('Pod', podOf(affinity('a', 'b')), podOf(affinity('a'))), []);
  t.same(updateErrors('Pod', podOf(affinity('a')), podOf(gates)), []);
  t.match(
    updateErrors('Pod', podOf(affinity('b')), podOf(affinity('a')))[0],
    /only additions are allowed/,
  );
});

t.test('checkPodAnnotationsUpdate keeps some annotations as they are', async (t) => {
  const annotations = { 'kubernetes.io/config.mirror': 'x' };
  const node = { nodeName: 'n' };
  t.same(updateErrors('Pod', podOf(node), podOf(node, { annotations })), [
    'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
  ]);
  t.same(updateErrors('Pod', podOf(node, { annotations }), podOf(node)), [
    'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
  ]);
});

function withStatus(status: PodStatus, spec: PodSpec = {}): Pod {
  return { ...podOf(spec), status };
}

const ended: ContainerStatus = { name: 'c', state: { terminated: { exitCode: 1 } } };
const runs: ContainerStatus = { name: 'c', state: { running: {} } };
const notAgain =
  'status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state';

const transitions: readonly (readonly [name: string, spec: PodSpec, errors: readonly string[]])[] =
  [
    ['a pod that always restarts', { restartPolicy: 'Always' }, []],
    ['a pod that restarts what failed', { restartPolicy: 'OnFailure' }, []],
    ['a pod that never restarts', { restartPolicy: 'Never' }, [notAgain]],
    [
      'a container with its own policy',
      {
        restartPolicy: 'Always',
        containers: [{ name: 'c', image: 'i', restartPolicy: 'Never' }],
      },
      [notAgain],
    ],
    [
      'a container with a rule for that exit code',
      {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'c',
            image: 'i',
            restartPolicy: 'Never',
            restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }],
          },
        ],
      },
      [],
    ],
  ];

t.test('validatePodStatusUpdate keeps containers ended that are not restarted', async (t) => {
  for (const [name, spec, errors] of transitions) {
    const old = withStatus({ containerStatuses: [ended] }, spec);
    t.same(statusErrors('Pod', withStatus({ containerStatuses: [runs] }, spec), old), errors, name);
  }
});

t.test(
  'validatePodStatusUpdate checks addresses, conditions and the class of service',
  async (t) => {
    const status: PodStatus = {
      conditions: [{ type: 'a b', status: 'True' }],
      qosClass: 'Burstable',
      podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }],
      hostIP: '1.1.1.1',
      hostIPs: [{ ip: '1.1.1.2' }],
    };
    const errors = statusErrors('Pod', withStatus(status), withStatus({ qosClass: 'BestEffort' }));
    t.match(
      errors[0],
      /^status\.conditions\[0\]\.Type: Invalid value: "a b": name part must consist/,
    );
    t.same(errors.slice(1), [
      'status.qosClass: Invalid value: "Burstable": field is immutable',
      'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
      'status.hostIPs[0].ip: Invalid value: "1.1.1.2": must be equal to `hostIP`',
    ]);
    t.same(statusErrors('Pod', withStatus({}), withStatus({ qosClass: 'BestEffort' })), []);
  },
);

t.test('validateEphemeralContainersUpdate lets containers only be added', async (t) => {
  const of = (...names: string[]) =>
    defaulted('Pod', podOf({ ephemeralContainers: names.map((name) => ({ name, image: 'i' })) }));
  const errors = (pod: Pod, old: Pod) => texts(validateEphemeralContainersUpdate(pod, old));
  t.same(errors(of('a', 'b'), of('a')), []);
  t.match(
    errors(of('b'), of('a'))[0],
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be removed',
  );
  const changed = of('a');
  changed.spec!.ephemeralContainers![0]!.image = 'j';
  t.match(errors(changed, of('a'))[0], /existing ephemeral containers "a" may not be changed\n@@/);
  changed.spec!.ephemeralContainers![0]!.ports = [{ containerPort: 1, protocol: 'TCP' }];
  t.equal(
    errors(changed, of())[0],
    'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
  );
});

t.test('validatePodResize lets amounts of CPU and memory change and nothing else', async (t) => {
  const of = (requests: Record<string, string>, more: PodSpec = {}) =>
    defaulted(
      'Pod',
      podOf({ containers: [{ name: 'c', image: 'i', resources: { requests } }], ...more }),
    );
  const old = of({ cpu: '1', memory: '1Gi' });
  const errors = (pod: Pod) => texts(validatePodResize(pod, old));
  t.same(errors(of({ cpu: '2', memory: '1Gi' })), []);
  t.same(errors(of({ cpu: '2' })), [
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ]);
  t.same(errors(of({ cpu: '1', memory: '1Gi', 'ephemeral-storage': '1' })), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
  t.same(errors(of({ cpu: '1', memory: '1Gi' }, { priority: 1 })), [
    'spec: Forbidden: only cpu and memory resources are mutable',
  ]);
  const guaranteed = defaulted(
    'Pod',
    podOf({
      containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '1', memory: '1Gi' } } }],
    }),
  );
  t.same(errors(guaranteed), [
    'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
  ]);
});

t.test('podKind checks each subresource by its own rules', async (t) => {
  const old = defaulted(
    'Pod',
    podOf({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] }),
  );
  const resized = defaulted(
    'Pod',
    podOf({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' } } }] }),
  );
  const errors = (subresource: string) =>
    kindOf('Pod').validateUpdate?.(resized, old, { ...context, subresource })?.length;
  t.equal(errors('resize'), 0);
  t.equal(errors(''), 1);
});
