import t from 'tap';
import { until } from '../../../client/until.js';
import { startApi } from './api-rig.js';

const root = '/apis/flowcontrol.apiserver.k8s.io/v1';

t.test('priority and fairness', async (t) => {
  const api = await startApi(t, [
    '--max-requests-inflight=4',
    '--max-mutating-requests-inflight=2',
  ]);

  t.test('a cluster begins with the objects of Kubernetes', async (t) => {
    const schemas = (await api.ask('GET', `${root}/flowschemas`)).json.items;
    t.equal(schemas.length, 13);
    const levels = (await api.ask('GET', `${root}/prioritylevelconfigurations`)).json.items;
    t.equal(levels.length, 8);
  });

  t.test('answers say where they queued', async (t) => {
    const { headers } = await api.ask('GET', '/api/v1/pods', { user: 'alice' });
    const schema = (await api.ask('GET', `${root}/flowschemas/global-default`)).json;
    const level = (await api.ask('GET', `${root}/prioritylevelconfigurations/global-default`)).json;
    t.equal(headers['x-kubernetes-pf-flowschema-uid'], schema.metadata.uid);
    t.equal(headers['x-kubernetes-pf-prioritylevel-uid'], level.metadata.uid);
  });

  t.test('metrics show the levels, the objects, the watches and the process', async (t) => {
    const watch = await api.watch('/api/v1/namespaces?watch=1');
    await watch.next();
    watch.close();
    const expected = [
      /^apiserver_flowcontrol_nominal_limit_seats\{priority_level="catch-all"\} 1$/m,
      /^apiserver_flowcontrol_current_executing_requests\{flow_schema="exempt",priority_level="exempt"\} 1$/m,
      /^apiserver_storage_objects\{resource="namespaces"\} 4$/m,
      /^apiserver_storage_objects\{resource="flowschemas.flowcontrol.apiserver.k8s.io"\} 13$/m,
      /^apiserver_watch_events_total\{group="",version="v1",resource="namespaces"\} \d+$/m,
      /^etcd_request_duration_seconds_count\{operation="create",group="",resource="namespaces"\} 4$/m,
      /^etcd_request_duration_seconds_bucket\{le="\+Inf",operation="create",group="",resource="namespaces"\} 4$/m,
      /^etcd_requests_total\{operation="get",group="",resource="namespaces"\} \d+$/m,
      /^authentication_duration_seconds_count\{result="success"\} \d+$/m,
      /^authentication_duration_seconds_count\{result="failure"\} 1$/m,
      /^authorization_attempts_total\{result="allowed"\} \d+$/m,
      /^authorization_duration_seconds_sum\{result="allowed"\} \S+$/m,
      /^apiserver_admission_controller_admission_duration_seconds_count\{name="ServiceAccount",type="admit",operation="CREATE",rejected="true"\} 1$/m,
      /^apiserver_admission_controller_admission_duration_seconds_count\{name="PodSecurity",type="validate",operation="CREATE",rejected="false"\} \d+$/m,
      /^apiserver_request_sli_duration_seconds_count\{verb="GET",[^}]*resource="flowschemas"[^}]*\} \d+$/m,
      /^process_cpu_seconds_total \S+$/m,
      /^process_resident_memory_bytes \S+$/m,
    ];
    const pods = '/api/v1/namespaces/default/pods';
    const stranger = { headers: { authorization: 'Bearer nobody' } };
    t.equal((await api.ask('GET', pods, stranger)).status, 401);
    const spec = { serviceAccountName: 'nobody', containers: [{ name: 'c', image: 'i' }] };
    const refused = await api.ask('POST', pods, { body: { metadata: { name: 'p' }, spec } });
    t.equal(refused.status, 403);
    const { text } = await api.ask('GET', '/metrics');
    for (const line of expected) t.match(text, line);
  });

  t.test('schemas say whether their level is there', async (t) => {
    const conditionOf = async (name: string) => {
      const { json } = await api.ask('GET', `${root}/flowschemas/${name}`);
      const { lastTransitionTime: _, ...condition } = json.status.conditions?.[0] ?? {};
      return condition;
    };
    const reference = (name: string) =>
      `This FlowSchema references the PriorityLevelConfiguration object named "${name}"`;
    const found = (name: string) => ({
      ...{ type: 'Dangling', status: 'False', reason: 'Found' },
      message: `${reference(name)} and it exists`,
    });
    const missing = (name: string) => ({
      ...{ type: 'Dangling', status: 'True', reason: 'NotFound' },
      message: `${reference(name)} but there is no such object`,
    });
    await until(
      'a condition',
      async () => (await conditionOf('probes')).type !== undefined,
      60_000,
    );
    t.same(await conditionOf('probes'), found('exempt'));
    const body = {
      metadata: { name: 'stray' },
      spec: { matchingPrecedence: 7000, priorityLevelConfiguration: { name: 'later' } },
    };
    t.equal((await api.ask('POST', `${root}/flowschemas`, { body })).status, 201);
    await until('a condition', async () => (await conditionOf('stray')).status === 'True', 60_000);
    t.same(await conditionOf('stray'), missing('later'));
    const spec = { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } };
    const level = { metadata: { name: 'later' }, spec };
    await api.ask('POST', `${root}/prioritylevelconfigurations`, { body: level });
    await until('a condition', async () => (await conditionOf('stray')).status === 'False', 60_000);
    t.same(await conditionOf('stray'), found('later'));
    await api.ask('DELETE', `${root}/prioritylevelconfigurations/later`);
    await until('a condition', async () => (await conditionOf('stray')).status === 'True', 60_000);
    t.same(await conditionOf('stray'), missing('later'));
    await api.ask('DELETE', `${root}/flowschemas/stray`);
  });

  t.test('a level without seats or queues refuses, and others go on', async (t) => {
    const level = {
      metadata: { name: 'none' },
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 0,
          borrowingLimitPercent: 0,
          limitResponse: { type: 'Reject' },
        },
      },
    };
    const made = await api.ask('POST', `${root}/prioritylevelconfigurations`, { body: level });
    t.equal(made.status, 201);
    const rules = [
      {
        subjects: [{ kind: 'User', user: { name: 'bob' } }],
        resourceRules: [
          {
            ...{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
            ...{ clusterScope: true, namespaces: ['*'] },
          },
        ],
      },
    ];
    const body = {
      metadata: { name: 'bob' },
      spec: { matchingPrecedence: 5, priorityLevelConfiguration: { name: 'none' }, rules },
    };
    t.equal((await api.ask('POST', `${root}/flowschemas`, { body })).status, 201);
    const answer = await until('bob is refused', async () => {
      const given = await api.ask('GET', '/api/v1/pods', { user: 'bob' });
      return given.status === 429 ? given : null;
    });
    t.equal(answer.headers['retry-after'], '1');
    t.equal((await api.ask('GET', '/api/v1/pods', { user: 'alice' })).status, 200);
  });
});
