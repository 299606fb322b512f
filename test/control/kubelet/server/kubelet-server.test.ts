import { writeFile } from 'node:fs/promises';
import t from 'tap';
import { startKubeletRig, type Who } from './kubelet-rig.js';

t.test('the kubelet finds out who asks, and whether he may', async (t) => {
  const rig = await startKubeletRig(t);
  const reader = { token: 'reader' };
  const cases: readonly [string, Who, string, string, number, string][] = [
    ['a certificate of its authority', 'admin', 'GET', '/pods', 200, ''],
    ['nothing', 'nobody', 'GET', '/healthz', 401, 'Unauthorized'],
    ['a certificate of another authority', 'stranger', 'GET', '/pods', 401, 'Unauthorized'],
    ['a token of nobody', { token: 'x' }, 'GET', '/pods', 401, 'Unauthorized'],
    ['a token', reader, 'GET', '/metrics/resource', 200, ''],
    ['a right on a part of the node', reader, 'GET', '/pods/', 200, ''],
    [
      'no right',
      reader,
      'GET',
      '/configz',
      403,
      'Forbidden (user=reader, verb=get, resource=nodes, subresource(s)=[configz proxy])\n',
    ],
    [
      'no right to write',
      reader,
      'POST',
      '/run/default/web/app?cmd=true',
      403,
      'Forbidden (user=reader, verb=create, resource=nodes, subresource(s)=[proxy])\n',
    ],
    [
      'nobody who could say',
      { token: 'broken' },
      'GET',
      '/stats/summary',
      500,
      'Authorization error (user=broken, verb=get, resource=nodes, subresource=stats)',
    ],
  ];
  for (const [name, as, method, path, status, text] of cases) {
    const answer = await rig.ask(method, path, { as });
    t.equal(answer.status, status, name);
    if (text !== '') t.equal(answer.text, text, name);
  }
  t.match(rig.asked[0], { user: 'admin', resource: 'nodes', name: 'n1', subresource: 'pods' });
  const open = await startKubeletRig(t, { isAnonymousAllowed: true });
  t.equal((await open.ask('GET', '/pods', { as: 'nobody' })).status, 403);
  t.equal(open.asked[0]?.user, 'system:anonymous');
  const stranger = await open.ask('GET', '/pods', { as: 'stranger' });
  t.equal(stranger.status, 401, 'who shows something that is no good is not taken for nobody');
});

t.test('the kubelet answers what is asked of it', async (t) => {
  const rig = await startKubeletRig(t);
  await writeFile(rig.logPath, '2026-01-02T03:04:05Z stdout F hello\n');
  const cases: readonly [string, string, number, string | RegExp][] = [
    ['GET', '/healthz', 200, 'ok'],
    ['GET', '/healthz/ping', 200, 'ok'],
    ['GET', '/healthz/syncloop?verbose', 200, '[+]syncloop ok\nhealthz check passed\n'],
    ['GET', '/healthz/nothing', 404, '404 page not found\n'],
    ['GET', '/pods', 200, /^\{"kind":"PodList","apiVersion":"v1","metadata":\{\},"items":\[\{/],
    ['GET', '/runningpods/', 200, /"PodList".*"web"/],
    ['POST', '/pods', 405, 'Method Not Allowed'],
    ['GET', '/nothing', 404, '404: Page Not Found'],
    ['GET', '/%ff', 400, 'the path cannot be read'],
    ['GET', '/metrics', 200, /^own 1\n.*kubelet_running_pods 1\n.*path="pods"/s],
    ['GET', '/metrics/probes', 200, /prober_probe_total\{.*probe_type="Liveness".*\} 4\n/],
    ['GET', '/configz', 200, '{"kubeletconfig":{"kind":"KubeletConfiguration"}}'],
    ['GET', '/containerLogs/default/web/app', 200, 'hello\n'],
    ['GET', '/containerLogs/default/web/app?tailLines=x', 400, /Unable to decode query/],
    ['GET', '/containerLogs/default/web/app?tailLines=-1', 422, /Invalid request/],
    ['GET', '/containerLogs/default/none/app', 404, 'pod "none" does not exist'],
    ['GET', '/containerLogs/default/web/no', 404, 'container "no" not found in pod "web"'],
    [
      'GET',
      '/containerLogs/default/web/late',
      400,
      'container "late" in pod "web" is waiting to start: trying and failing to pull image',
    ],
    [
      'GET',
      '/containerLogs/default/web/app?previous=true',
      400,
      'previous terminated container "app" in pod "web" not found',
    ],
    ['POST', '/run/default/web/app?cmd=echo+a', 200, 'a\n'],
    ['POST', '/run/default/web/u1/app?cmd=echo+a', 200, 'a\n'],
    ['POST', '/run/default/none/app?cmd=true', 404, 'pod does not exist'],
    ['POST', '/run/default/web/late?cmd=true', 500, 'container not found ("late")'],
    ['POST', '/exec/default/web/app?command=true', 400, /you must specify at least 1 of stdin/],
    ['POST', '/exec/default/web/app?command=true&output=1', 400, 'Upgrade request required'],
    ['POST', '/exec/default/none/app?command=true&output=1', 404, 'pod does not exist'],
    ['POST', '/exec/default/web/late?command=true&output=1', 500, 'container not found ("late")'],
    ['POST', '/exec/default/web/u2/app?output=1', 500, 'container not found ("app")'],
    ['POST', '/portForward/default/none', 404, 'pod does not exist'],
    ['POST', '/portForward/default/web/u2', 404, 'pod does not exist'],
    ['POST', '/portForward/default/web', 400, 'Upgrade request required'],
    ['GET', '/logs/', 200, /<a href="0.log">0.log<\/a>/],
    ['GET', '/logs/0.log', 200, '2026-01-02T03:04:05Z stdout F hello\n'],
    ['GET', '/logs/none', 404, '404 page not found\n'],
    ['GET', '/logs/..%2f..%2fetc%2fpasswd', 404, '404 page not found\n'],
    ['GET', '/logs/../../etc/passwd', 404, '404 page not found\n'],
  ];
  for (const [method, path, status, text] of cases) {
    const answer = await rig.ask(method, path);
    t.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    if (typeof text === 'string') t.equal(answer.text, text, path);
    else t.match(answer.text, text, path);
  }
  rig.setProblem('it is stuck');
  const sick = await rig.ask('GET', '/healthz');
  t.equal(sick.status, 500);
  t.match(sick.text, '[-]syncloop failed: it is stuck');
});

t.test('without debugging handlers the kubelet shows, and runs nothing', async (t) => {
  const rig = await startKubeletRig(t, { hasDebugging: false });
  t.equal((await rig.ask('GET', '/pods')).status, 200);
  const hidden = [
    '/containerLogs/default/web/app',
    '/exec/default/web/app?output=1',
    '/runningpods',
    '/logs/',
  ];
  for (const path of hidden) {
    const answer = await rig.ask('GET', path);
    t.equal(answer.status, 405, path);
    t.equal(answer.text, 'Debug endpoints are disabled.\n', path);
  }
});

t.test('the kubelet says what is used', async (t) => {
  const rig = await startKubeletRig(t);
  const { text, headers } = await rig.ask('GET', '/metrics/resource');
  t.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.same(lines, [
    'container_cpu_usage_seconds_total{container="app",namespace="default",pod="web"} 2 5000',
    'container_memory_working_set_bytes{container="app",namespace="default",pod="web"} 200 5000',
    'container_start_time_seconds{container="app",namespace="default",pod="web"} 1',
    'node_cpu_usage_seconds_total 9 6000',
    'node_memory_working_set_bytes 600 6000',
    'pod_cpu_usage_seconds_total{namespace="default",pod="web"} 2 5000',
    'pod_memory_working_set_bytes{namespace="default",pod="web"} 200 5000',
    'resource_scrape_error 0',
  ]);
  const cadvisor = await rig.ask('GET', '/metrics/cadvisor');
  t.match(
    cadvisor.text,
    'container_memory_rss{container="app",id="/c1",image="i",name="c1",namespace="default",pod="web"} 100 5000',
  );
  t.match(cadvisor.text, 'machine_cpu_cores 2\n');
  const summary = JSON.parse((await rig.ask('GET', '/stats/summary')).text);
  t.match(summary, {
    node: {
      nodeName: 'n1',
      cpu: { usageCoreNanoSeconds: 9_000_000_000 },
      memory: { availableBytes: 400, usageBytes: 700, workingSetBytes: 600, rssBytes: 500 },
      network: { name: 'eth0', rxBytes: 5, rxErrors: 1, txBytes: 6, txErrors: 2 },
      fs: { capacityBytes: 100, availableBytes: 60, usedBytes: 40, inodesUsed: 3 },
      rlimit: { maxpid: 100, curproc: 20 },
    },
    pods: [
      {
        podRef: { name: 'web', namespace: 'default', uid: 'u1' },
        containers: [{ name: 'app', rootfs: { usedBytes: 50, inodesUsed: 5 } }],
        volume: [{ name: 'scratch' }, { name: 'data', pvcRef: { name: 'disk' } }],
        'ephemeral-storage': { usedBytes: 90 },
      },
    ],
  });
  const short = JSON.parse((await rig.ask('GET', '/stats/summary?only_cpu_and_memory=true')).text);
  t.equal(short.node.fs, undefined);
  t.equal(short.pods[0].volume, undefined);
});
