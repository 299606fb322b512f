import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { ClusterRole, PolicyRule } from '../../../../src/control/api/gen/rbac-v1.js';
import { aggregatedRules } from '../../../../src/control/apiserver/authorization/rbac/aggregation.js';
import {
  isAggregated,
  plannedRules,
} from '../../../../src/control/controllers/cluster-role-aggregation/plan.js';

const rule = (name: string): PolicyRule => ({ apiGroups: [''], resources: [name], verbs: ['get'] });

function role(
  name: string,
  labels: readonly string[],
  rules: readonly string[],
  selects: readonly string[] = [],
): ClusterRole {
  const clusterRoleSelectors = selects.map((label) => ({ matchLabels: { [label]: 'true' } }));
  return {
    metadata: { name, labels: Object.fromEntries(labels.map((label) => [label, 'true'])) },
    rules: rules.map(rule),
    ...(selects.length === 0 ? {} : { aggregationRule: { clusterRoleSelectors } }),
  };
}

t.test('plannedRules are those of the selected roles, by name, each once', (t) => {
  const admin = role('admin', ['a'], ['old'], ['a', 'b']);
  const all = [
    admin,
    role('z', ['a'], ['1', '2']),
    role('m', ['a'], ['2', '3']),
    role('n', ['b'], ['4']),
    role('x', [], ['5']),
  ];
  t.same(plannedRules(admin, all), ['2', '3', '1', '4'].map(rule));
  t.equal(plannedRules({ ...admin, rules: ['2', '3', '1', '4'].map(rule) }, all), null);
  t.same(plannedRules(admin, [admin]), [], 'nothing selected is no rule');
  t.ok(isAggregated(admin));
  t.notOk(isAggregated(role('x', [], [])));
  t.end();
});

t.test('what the controller writes in the end is what the API server decides by: random', (t) => {
  const labels = ['a', 'b', 'c'];
  const text = (rules: readonly PolicyRule[] | undefined) =>
    (rules ?? []).map((each) => JSON.stringify(each)).sort();
  for (let seed = 1; seed <= 200; seed++) {
    const prng = new Prng(seed);
    const some = () => labels.filter(() => prng.chance(0.4));
    const roles = new Map<string, ClusterRole>();
    for (let at = 0; at < 7; at++) {
      const isComposed = prng.chance(0.4);
      const name = `r${at}`;
      roles.set(
        name,
        role(name, some(), isComposed ? [] : [`x${prng.int(0, 4)}`], isComposed ? some() : []),
      );
    }
    let writes = 0;
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const each of [...roles.values()].filter(isAggregated)) {
        const rules = plannedRules(each, roles.values());
        if (rules === null) continue;
        isDone = false;
        writes++;
        roles.set(each.metadata.name!, { ...each, rules: [...rules] });
      }
      if (writes > 200) {
        throw new Error(`seed ${seed}: it does not come to an end`);
      }
    }
    for (const each of [...roles.values()].filter(isAggregated)) {
      t.same(text(each.rules), text(aggregatedRules(each, roles.values())), `seed ${seed}`);
    }
  }
  t.end();
});
