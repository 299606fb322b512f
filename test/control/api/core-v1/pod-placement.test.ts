import t from 'tap';
import type {
  Affinity,
  PodAffinityTerm,
  PodSpec,
} from '../../../../src/control/api/gen/core-v1.js';
import { createErrors, podOf } from './fixtures.js';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const labelKeyText =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const ofNodes: readonly (readonly [
  affinity: Affinity['nodeAffinity'],
  errors: readonly string[],
])[] = [
  [
    {
      [required]: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
      },
    },
    [],
  ],
  [
    { [required]: { nodeSelectorTerms: [] } },
    [`${required}.nodeSelectorTerms: Required value: must have at least one node selector term`],
  ],
  [
    {
      [required]: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: 'a', operator: 'In' },
              { key: 'a', operator: 'Exists', values: ['x'] },
              { key: 'a', operator: 'Gt', values: ['1', '2'] },
              { key: 'a b', operator: 'Is' },
            ],
          },
        ],
      },
    },
    [
      `${required}.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      `${required}.nodeSelectorTerms[0].matchExpressions[1].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      `${required}.nodeSelectorTerms[0].matchExpressions[2].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
      `${required}.nodeSelectorTerms[0].matchExpressions[3].operator: Invalid value: "Is": not a valid selector operator`,
      `${required}.nodeSelectorTerms[0].matchExpressions[3].key: Invalid value: "a b": ${labelKeyText}`,
    ],
  ],
  [
    {
      [required]: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.uid', operator: 'Exists' }] }],
      },
    },
    [
      `${required}.nodeSelectorTerms[0].matchFields[0].operator: Invalid value: "Exists": not a valid selector operator`,
      `${required}.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key`,
    ],
  ],
  [
    { [preferred]: [{ weight: 101, preference: {} }] },
    [`${preferred}[0].weight: Invalid value: 101: must be in the range 1-100`],
  ],
];

t.test('checkAffinity refuses selectors of nodes with the texts of the API', async (t) => {
  for (const [nodeAffinity, errors] of ofNodes) {
    const spec: PodSpec = { affinity: nodeAffinity ? { nodeAffinity } : {} };
    const expected = errors.map((error) => `spec.affinity.nodeAffinity.${error}`);
    t.same(createErrors('Pod', podOf(spec)), expected, JSON.stringify(nodeAffinity));
  }
});

const a1 = { matchExpressions: [{ key: 'a', operator: 'In', values: ['1'] }] };
const ofPods: readonly (readonly [term: PodAffinityTerm, errors: readonly string[]])[] = [
  [{ topologyKey: 'z', labelSelector: {} }, []],
  [{ topologyKey: 'z', labelSelector: {}, matchLabelKeys: ['a'] }, []],
  [
    {},
    [
      'topologyKey: Required value: can not be empty',
      'topologyKey: Invalid value: "": name part must be non-empty',
      `topologyKey: Invalid value: "": ${labelKeyText}`,
    ],
  ],
  [
    { topologyKey: 'z', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
    [
      'labelSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
  ],
  [
    { topologyKey: 'z', matchLabelKeys: ['a'] },
    ['matchLabelKeys: Forbidden: must not be specified when labelSelector is not set'],
  ],
  [
    { topologyKey: 'z', labelSelector: a1, matchLabelKeys: ['a'] },
    ['[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector'],
  ],
  [
    { topologyKey: 'z', labelSelector: {}, matchLabelKeys: ['b'], mismatchLabelKeys: ['b'] },
    ['matchLabelKeys[0]: Invalid value: "b": exists in both matchLabelKeys and mismatchLabelKeys'],
  ],
];

t.test('checkAffinity refuses selectors of pods with the texts of the API', async (t) => {
  for (const [term, errors] of ofPods) {
    const pod = podOf(
      { affinity: { podAntiAffinity: { [required]: [term] } } },
      { labels: { a: '1' } },
    );
    const path = `spec.affinity.podAntiAffinity.${required}[0]`;
    const expected = errors.map((error) =>
      error.startsWith('[') ? `${path}${error}` : `${path}.${error}`,
    );
    t.same(createErrors('Pod', pod), expected, JSON.stringify(term));
  }
});

t.test('checkTopologySpread refuses with the texts of the API', async (t) => {
  const good = {
    maxSkew: 1,
    topologyKey: 'z',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: {},
  };
  const errors = (...constraints: NonNullable<PodSpec['topologySpreadConstraints']>) =>
    createErrors('Pod', podOf({ topologySpreadConstraints: constraints }, { labels: { a: '1' } }));
  t.same(errors(good), []);
  t.same(errors({ ...good, matchLabelKeys: ['a'] }), []);
  t.same(errors(good, { ...good, maxSkew: 2 }), [
    'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{z, DoNotSchedule}"',
  ]);
  t.same(
    errors({ ...good, whenUnsatisfiable: 'ScheduleAnyway', minDomains: 0, nodeTaintsPolicy: 'X' }),
    [
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
      'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "X": supported values: "Honor", "Ignore"',
    ],
  );
});
