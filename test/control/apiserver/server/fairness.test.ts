import t from 'tap';
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
      /^apiserver_flowcontrol_current_executing_requests\{priority_level="system"\} 0$/m,
      /^apiserver_storage_objects\{resource="namespaces"\} 4$/m,
      /^apiserver_storage_objects\{resource="flowschemas.flowcontrol.apiserver.k8s.io"\} 13$/m,
      /^apiserver_watch_events_total\{group="",version="v1",kind="Namespace"\} \d+$/m,
      /^process_cpu_seconds_total \S+$/m,
      /^process_resident_memory_bytes \S+$/m,
    ];
    const { text } = await api.ask('GET', '/metrics');
    for (const line of expected) t.match(text, line);
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
    const deadline = performance.now() + 10_000;
    let answer = await api.ask('GET', '/api/v1/pods', { user: 'bob' });
    while (answer.status !== 429 && performance.now() < deadline)
      answer = await api.ask('GET', '/api/v1/pods', { user: 'bob' });
    t.equal(answer.status, 429);
    t.equal(answer.headers['retry-after'], '1');
    t.equal((await api.ask('GET', '/api/v1/pods', { user: 'alice' })).status, 200);
  });
});
