import t from 'tap';
import { affinityArgs } from '../../../../src/control/scheduler/plugins/inter-pod-affinity/affinity-args.js';
import { interferenceArgs } from '../../../../src/control/scheduler/plugins/interference-aware/interference-args.js';
import { nodeAffinityArgs } from '../../../../src/control/scheduler/plugins/node-affinity/node-affinity-args.js';
import { nodeResourcesBalancedAllocation } from '../../../../src/control/scheduler/plugins/node-resources/balanced-allocation.js';
import { fitArgs } from '../../../../src/control/scheduler/plugins/node-resources/fit-args.js';
import { spreadArgs } from '../../../../src/control/scheduler/plugins/pod-topology-spread/spread-args.js';
import { volumeBindingArgs } from '../../../../src/control/scheduler/plugins/volume-binding/volume-binding-args.js';

type Row = readonly [(args: unknown) => unknown, unknown, string];

const strategy = (scoringStrategy: object) => ({ scoringStrategy });
const ratio = (...shape: object[]) =>
  strategy({ type: 'RequestedToCapacityRatio', requestedToCapacityRatio: { shape } });
const points = 'scoringStrategy.requestedToCapacityRatio.shape';

const rows: readonly Row[] = [
  [
    affinityArgs,
    { hardPodAffinityWeight: -1 },
    'hardPodAffinityWeight: Invalid value: -1: not in valid range [0, 100]',
  ],
  [
    affinityArgs,
    { hardPodAffinityWeight: 101 },
    'hardPodAffinityWeight: Invalid value: 101: not in valid range [0, 100]',
  ],
  [
    affinityArgs,
    { hardPodAffinityWeight: 'x' },
    'hardPodAffinityWeight must be an integer, not "x"',
  ],
  [affinityArgs, { weight: 1 }, 'strict decoding error: unknown field "weight"'],
  [affinityArgs, [], 'args must be an object'],
  [
    volumeBindingArgs,
    { bindTimeoutSeconds: -10 },
    'bindTimeoutSeconds: Invalid value: -10: invalid BindTimeoutSeconds, should not be a negative value',
  ],
  [
    volumeBindingArgs,
    { shape: [] },
    'shape: Invalid value: []: unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring',
  ],
  [
    spreadArgs,
    { defaultingType: 'None' },
    'defaultingType: Unsupported value: "None": supported values: "System", "List"',
  ],
  [
    spreadArgs,
    {
      defaultingType: 'System',
      defaultConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway' }],
    },
    'defaultingType: Invalid value: "System": when .defaultConstraints are not empty',
  ],
  [
    spreadArgs,
    {
      defaultingType: 'List',
      defaultConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway' }],
    },
    'defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf)',
  ],
  [
    spreadArgs,
    {
      defaultingType: 'List',
      defaultConstraints: [{ maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }],
    },
    'defaultConstraints[0].topologyKey: Required value: can not be empty',
  ],
  [
    spreadArgs,
    {
      defaultingType: 'List',
      defaultConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'Never' }],
    },
    'defaultConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
  ],
  [
    spreadArgs,
    {
      defaultingType: 'List',
      defaultConstraints: [
        { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
      ],
    },
    'defaultConstraints[0].labelSelector: Forbidden: constraint must not define a selector, as they deduced for each pod',
  ],
  [
    spreadArgs,
    {
      defaultingType: 'List',
      defaultConstraints: [1, 2].map((maxSkew) => ({
        maxSkew,
        topologyKey: 'a',
        whenUnsatisfiable: 'DoNotSchedule',
      })),
    },
    'defaultConstraints[1]: Duplicate value: "{a, DoNotSchedule}"',
  ],
  [
    fitArgs,
    strategy({ type: 'Best' }),
    'scoringStrategy.type: Unsupported value: "Best": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
  ],
  [
    fitArgs,
    strategy({ resources: [{ name: 'cpu', weight: 101 }] }),
    'scoringStrategy.resources[0].weight: Invalid value: 101: resource weight of cpu not in valid range (0, 100]',
  ],
  [
    fitArgs,
    strategy({ type: 'RequestedToCapacityRatio' }),
    'scoringStrategy.requestedToCapacityRatio: Required value: must be specified when type is RequestedToCapacityRatio',
  ],
  [
    fitArgs,
    strategy({ requestedToCapacityRatio: {} }),
    'scoringStrategy.requestedToCapacityRatio: Forbidden: must be nil when type is not RequestedToCapacityRatio',
  ],
  [fitArgs, ratio(), `${points}: Required value: at least one point must be specified`],
  [
    fitArgs,
    ratio({ utilization: 10 }, { utilization: 10 }),
    `${points}[1].utilization: Invalid value: 10: values must be sorted in increasing order`,
  ],
  [
    fitArgs,
    ratio({ utilization: 101 }),
    `${points}[0].utilization: Invalid value: 101: not in valid range [0, 100]`,
  ],
  [
    fitArgs,
    ratio({ score: 11 }),
    `${points}[0].score: Invalid value: 11: not in valid range [0, 10]`,
  ],
  [
    fitArgs,
    { ignoredResourceGroups: ['a/b'] },
    "ignoredResourceGroups[0]: Invalid value: \"a/b\": resource group name can't contain '/'",
  ],
  [
    nodeResourcesBalancedAllocation,
    { resources: [{ name: 'cpu', weight: 2 }] },
    'resources[0].weight: Invalid value: 2: must be 1',
  ],
  [
    nodeResourcesBalancedAllocation,
    { resources: [{ name: 'cpu' }, { name: 'cpu' }] },
    'resources[1].name: Duplicate value: "cpu"',
  ],
  [
    nodeAffinityArgs,
    {
      addedAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Near' }] }],
        },
      },
    },
    'addedAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
  ],
  [
    interferenceArgs,
    { source: 'guess' },
    'source: Invalid value: "guess": must be metrics or annotation',
  ],
  [
    interferenceArgs,
    { maxUtilization: 0 },
    'maxUtilization: Invalid value: 0: not in valid range [1, 100]',
  ],
];

t.test('arguments of plugins: what is wrong is refused in the words of Kubernetes', async (t) => {
  for (const [read, args, message] of rows)
    t.throws(() => read(args), { name: 'ConfigurationError', message }, message);
});

t.test('arguments of plugins: have the defaults of Kubernetes', async (t) => {
  t.same(affinityArgs({}), { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false });
  t.same(volumeBindingArgs(undefined), { bindTimeoutSeconds: 600 });
  t.match(spreadArgs(null), {
    isSystemDefaulted: true,
    defaultConstraints: [
      { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
      {
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        maxSkew: 5,
      },
    ],
  });
  t.match(fitArgs({ apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'NodeResourcesFitArgs' }), {
    scoringStrategy: {
      type: 'LeastAllocated',
      resources: [
        { name: 'cpu', weight: 1 },
        { name: 'memory', weight: 1 },
      ],
    },
  });
});
