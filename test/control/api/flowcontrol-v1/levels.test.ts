import t from 'tap';
import { KindRig } from '../kind-rig.js';

const schemas = new KindRig('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema');
const levels = new KindRig('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration');

const subject = { kind: 'User', user: { name: 'u' } };
const resource = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] };
const schema = (rule: object, more: object = {}) => ({
  spec: { priorityLevelConfiguration: { name: 'l' }, rules: [rule], ...more },
});

t.test('FlowSchema refuses what Kubernetes refuses', async (t) => {
  const rules = { subjects: [subject], resourceRules: [resource] };
  t.same(schemas.createErrors(schema(rules)), []);
  t.match(schemas.created(schema(rules)).spec, { matchingPrecedence: 1000 });
  t.same(schemas.createErrors(schema({}, { matchingPrecedence: 1 })), [
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    'spec.rules[0].subjects: Required value: subjects must contain at least one value',
    'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ]);
  const odd = { kind: 'User', user: {}, group: { name: 'g' } };
  const nonResourceRules = [{ verbs: ['fly'], nonResourceURLs: ['/a*', '//', '/b/*'] }];
  const path = 'spec.rules[0]';
  t.same(schemas.createErrors(schema({ subjects: [odd], nonResourceRules })), [
    `${path}.subjects[0].user.name: Required value`,
    `${path}.subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'`,
    `${path}.nonResourceRules[0].verbs: Unsupported value: ["fly"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"`,
    `${path}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*": wildcard can only do suffix matching`,
    `${path}.nonResourceRules[0].nonResourceURLs[1]: Invalid value: "//": must not contain double slash`,
  ]);
  t.match(schemas.createErrors({ metadata: { name: 'catch-all' }, ...schema(rules) }), [
    /^spec: Invalid value: .*: spec of 'catch-all' must equal the fixed value$/,
  ]);
});

t.test(
  'PriorityLevelConfiguration is filled in, and refuses what Kubernetes refuses',
  async (t) => {
    const limited = (limitResponse: object) => ({
      spec: { type: 'Limited', limited: { limitResponse } },
    });
    const queue = (queuing: object) => limited({ type: 'Queue', queuing });
    t.match(levels.created(queue({})).spec, {
      limited: {
        nominalConcurrencyShares: 30,
        lendablePercent: 0,
        limitResponse: { queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
      },
    });
    t.same(levels.createErrors(queue({})), []);
    const path = 'spec.limited.limitResponse.queuing';
    t.same(levels.createErrors(queue({ queues: 4, handSize: 5 })), [
      `${path}.handSize: Invalid value: 5: should not be greater than queues (4)`,
    ]);
    t.same(levels.createErrors(queue({ queues: 1024, handSize: 7 })), [
      `${path}.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60`,
    ]);
    t.same(levels.createErrors(limited({ type: 'Reject', queuing: {} })), [
      `${path}: Forbidden: must be nil if limited.limitResponse.type is not Limited`,
    ]);
    t.same(levels.createErrors({ spec: { type: 'Exempt' } }), [
      "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
    ]);
    const exempt = {
      metadata: { name: 'exempt' },
      spec: { type: 'Exempt', exempt: { lendablePercent: 9 } },
    };
    t.same(levels.createErrors(exempt), []);
  },
);
