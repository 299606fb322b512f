import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { until } from '../../../client/until.js';
import { type ApiRig, startApi } from './api-rig.js';

async function startAudited(t: Test): Promise<ApiRig> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-metrics-'));
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(
    join(dir, 'policy'),
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, verbs: [delete]}, {level: Metadata}]\n',
  );
  return startApi(t, [`--audit-policy-file=${dir}/policy`, `--audit-log-path=${dir}/audit.log`]);
}

/** The value of a sample with these labels, in any order; undefined without. */
function sampleIn(text: string, name: string, labels: Record<string, string>): number | undefined {
  for (const line of text.split('\n')) {
    const [, of, inner = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (of !== name) continue;
    const has = new Map(
      [...inner.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', of = '']) => [key, of]),
    );
    if (Object.entries(labels).every(([key, of]) => has.get(key) === of)) return Number(value);
  }
  return undefined;
}

t.test("/metrics shows under Kubernetes' names what the server does", async (t) => {
  const api = await startAudited(t);
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const create = (name: string) =>
    api.ask('POST', configMaps, { body: { metadata: { name } }, user: 'alice' });
  t.equal((await create('one')).status, 201);
  t.equal((await create('two')).status, 201);
  t.equal((await create('one')).status, 409);
  t.equal((await api.ask('GET', configMaps)).json.items.length >= 2, true);
  const watch = await api.watch(`${configMaps}?watch=1`);
  await watch.next();
  t.equal((await api.ask('DELETE', `${configMaps}/two`)).status, 200);
  t.equal((await api.ask('GET', '/readyz')).status, 200);
  const core = { group: '', resource: 'configmaps' };
  const all: readonly (readonly [name: string, labels: Record<string, string>, min: number])[] = [
    [
      'apiserver_request_total',
      { ...core, verb: 'CREATE', component: 'apiserver', code: '201' },
      2,
    ],
    ['apiserver_longrunning_requests', { verb: 'WATCH', component: 'apiserver' }, 1],
    [
      'apiserver_admission_step_admission_duration_seconds_count',
      { type: 'admit', operation: 'CREATE', rejected: 'false' },
      2,
    ],
    [
      'apiserver_admission_step_admission_duration_seconds_count',
      { type: 'validate', operation: 'CREATE', rejected: 'false' },
      2,
    ],
    ['apiserver_audit_event_total', {}, 4],
    ['apiserver_audit_level_total', { level: 'Metadata' }, 3],
    ['apiserver_audit_level_total', { level: 'None' }, 1],
    ['apiserver_storage_objects', { resource: 'configmaps' }, 1],
    ['apiserver_resource_objects', core, 1],
    ['apiserver_storage_size_bytes', { storage_cluster_id: 'etcd-0' }, 1],
    ['apiserver_storage_events_received_total', core, 3],
    ['apiserver_watch_cache_events_received_total', core, 3],
    ['apiserver_watch_cache_events_dispatched_total', core, 3],
    ['apiserver_watch_events_total', { ...core, version: 'v1' }, 1],
    ['apiserver_watch_events_sizes_count', { ...core, version: 'v1' }, 1],
    ['kubernetes_build_info', { major: '1', minor: '36', compiler: `node-${process.version}` }, 1],
    ['apiserver_watch_cache_initializations_total', core, 1],
    ['apiserver_watch_cache_resource_version', core, 1],
    [
      'apiserver_watch_cache_consistent_read_total',
      { ...core, success: 'true', fallback: 'false' },
      1,
    ],
    ['apiserver_cache_list_total', { ...core, index: '' }, 1],
    ['apiserver_cache_list_fetched_objects_total', { ...core, index: '' }, 2],
    ['apiserver_cache_list_returned_objects_total', core, 2],
    ['apiserver_init_events_total', core, 2],
    [
      'apiserver_flowcontrol_dispatched_requests_total',
      { flow_schema: 'global-default', priority_level: 'global-default' },
      3,
    ],
    [
      'apiserver_flowcontrol_current_executing_requests',
      { flow_schema: 'exempt', priority_level: 'exempt' },
      1,
    ],
    ['apiserver_flowcontrol_current_executing_seats', { flow_schema: 'exempt' }, 1],
    ['apiserver_flowcontrol_current_inqueue_requests', { flow_schema: 'global-default' }, 0],
    [
      'apiserver_flowcontrol_request_wait_duration_seconds_count',
      { flow_schema: 'global-default', execute: 'true' },
      3,
    ],
    ['apiserver_flowcontrol_nominal_limit_seats', { priority_level: 'workload-low' }, 1],
    ['kubernetes_healthcheck', { name: 'etcd', type: 'readyz' }, 1],
    ['kubernetes_healthchecks_total', { name: 'ping', type: 'readyz', status: 'success' }, 1],
  ];
  const missing = async () => {
    const { text } = await api.ask('GET', '/metrics');
    return all.filter(([name, labels, min]) => !((sampleIn(text, name, labels) ?? -1) >= min));
  };
  // Some is counted a moment after its answer.
  await until('all is counted', async () => (await missing()).length === 0).catch(() => {});
  t.same(await missing(), []);
  watch.close();
});
