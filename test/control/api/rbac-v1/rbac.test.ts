import t from 'tap';
import { kinds } from '../../../../src/control/api/rbac-v1/index.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

const context = { nowMs: Date.UTC(2026, 0, 2), username: '', subresource: '' };
const rulesOf = (kind: string) => kinds.find((each) => each.of.kind === kind)!;
const group = 'rbac.authorization.k8s.io';

function problems(kind: string, object: object, old?: object): string[] {
  const rules = rulesOf(kind);
  const made = { metadata: { name: 'x' }, ...object } as KubeObject;
  rules.setDefaults?.(made);
  const errors =
    old === undefined
      ? rules.validateCreate?.(made, context)
      : rules.validateUpdate?.(made, { metadata: { name: 'x' }, ...old } as KubeObject, context);
  return (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
}

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

t.test('roles are validated as Kubernetes does', async (t) => {
  const cases: readonly [string, object, string[]][] = [
    ['Role', { rules: [rule] }, []],
    ['Role', {}, []],
    [
      'Role',
      { rules: [{}] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      'Role',
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs',
      ],
    ],
    ['ClusterRole', { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] }, []],
    [
      'ClusterRole',
      { rules: [{ ...rule, nonResourceURLs: ['/a'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
    [
      'ClusterRole',
      { aggregationRule: {} },
      [
        'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ],
    [
      'ClusterRole',
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } },
      [],
    ],
  ];
  for (const [kind, object, expected] of cases)
    t.same(problems(kind, object), expected, JSON.stringify(object));
});

t.test('bindings are validated as Kubernetes does, and groups are filled in', async (t) => {
  const ref = { kind: 'ClusterRole', name: 'r' };
  const cases: readonly [string, object, string[]][] = [
    [
      'RoleBinding',
      {
        roleRef: ref,
        subjects: [
          { kind: 'User', name: 'a' },
          { kind: 'ServiceAccount', name: 'sa' },
        ],
      },
      [],
    ],
    [
      'ClusterRoleBinding',
      { roleRef: ref, subjects: [{ kind: 'ServiceAccount', name: 'sa' }] },
      ['subjects[0].namespace: Required value'],
    ],
    [
      'ClusterRoleBinding',
      { roleRef: { kind: 'Role', name: 'r' } },
      ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    ],
    [
      'RoleBinding',
      { roleRef: { kind: 'Other', name: '', apiGroup: 'x' } },
      [
        `roleRef.apiGroup: Unsupported value: "x": supported values: "${group}"`,
        'roleRef.kind: Unsupported value: "Other": supported values: "Role", "ClusterRole"',
        'roleRef.name: Required value',
      ],
    ],
    [
      'RoleBinding',
      { roleRef: { kind: 'Role', name: 'a/b' } },
      ['roleRef.name: Invalid value: "a/b": may not contain \'/\''],
    ],
    [
      'RoleBinding',
      {
        roleRef: ref,
        subjects: [
          { kind: 'Pod', name: 'a' },
          { kind: 'Group', name: '' },
          { kind: 'ServiceAccount', name: 'A_', apiGroup: 'x' },
        ],
      },
      [
        'subjects[0].kind: Unsupported value: "Pod": supported values: "ServiceAccount", "User", "Group"',
        'subjects[1].name: Required value',
        "subjects[2].name: Invalid value: \"A_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'subjects[2].apiGroup: Unsupported value: "x": supported values: ""',
      ],
    ],
  ];
  for (const [kind, object, expected] of cases)
    t.same(problems(kind, object), expected, JSON.stringify(object));
  const full = { ...ref, apiGroup: group };
  t.same(problems('RoleBinding', { roleRef: { ...full, name: 'other' } }, { roleRef: full }), [
    `roleRef: Invalid value: {"APIGroup":"${group}","Kind":"ClusterRole","Name":"other"}: cannot change roleRef`,
  ]);
  t.same(problems('RoleBinding', { roleRef: full }, { roleRef: full }), []);
});

t.test('bindings are shown with their role and subjects', async (t) => {
  const table = rulesOf('RoleBinding').table!;
  t.same(
    table.columns.map(({ name, priority }) => `${name}${priority}`),
    ['Name0', 'Role0', 'Age0', 'Users1', 'Groups1', 'ServiceAccounts1'],
  );
  const binding = {
    metadata: { name: 'b', creationTimestamp: '2026-01-01T00:00:00Z' },
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [
      { kind: 'User', name: 'a' },
      { kind: 'User', name: 'b' },
      { kind: 'ServiceAccount', namespace: 'n', name: 's' },
    ],
  };
  t.same(table.cells(binding, context.nowMs), ['b', 'Role/r', '24h', 'a, b', '', 'n/s']);
});
