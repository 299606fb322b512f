import type {
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
} from '../gen/flowcontrol-v1.js';

const all = ['*'];

function everythingBy(...groups: readonly string[]): PolicyRulesWithSubjects {
  return {
    subjects: groups.map((name) => ({ kind: 'Group', group: { name } })),
    resourceRules: [
      { verbs: all, apiGroups: all, resources: all, clusterScope: true, namespaces: all },
    ],
    nonResourceRules: [{ verbs: all, nonResourceURLs: all }],
  };
}

/** FlowSchemas without which requests would have no place, by name; they are always as they are here. */
export const mandatoryFlowSchemas: ReadonlyMap<string, FlowSchemaSpec> = new Map([
  [
    'exempt',
    {
      matchingPrecedence: 1,
      priorityLevelConfiguration: { name: 'exempt' },
      rules: [everythingBy('system:masters')],
    },
  ],
  [
    'catch-all',
    {
      matchingPrecedence: 10_000,
      priorityLevelConfiguration: { name: 'catch-all' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [everythingBy('system:unauthenticated', 'system:authenticated')],
    },
  ],
]);

/** PriorityLevelConfigurations that are always there, by name. */
export const mandatoryPriorityLevels: ReadonlyMap<string, PriorityLevelConfigurationSpec> = new Map(
  [
    ['exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }],
    [
      'catch-all',
      {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 5,
          lendablePercent: 0,
          limitResponse: { type: 'Reject' },
        },
      },
    ],
  ],
);
