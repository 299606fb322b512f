import t from 'tap';
import type { Exchange } from '../../../../src/control/apiserver/exchange.js';
import { ServerMetrics } from '../../../../src/control/apiserver/server/metrics.js';

/** A clock that a test moves. */
function clockAt(times: number[]) {
  return { now: () => times.shift() ?? 0 } as never;
}

function exchangeOf(asked: {
  readonly verb: string;
  readonly path?: string;
  readonly query?: string;
  readonly isRouted?: boolean;
}): Exchange {
  const { verb, path = '', query = '', isRouted = true } = asked;
  const isResourceRequest = path === '';
  const resource = isResourceRequest ? 'pods' : '';
  return {
    info: { verb, path, isResourceRequest, group: '', version: 'v1', resource, subresource: '' },
    query: new URLSearchParams(query),
    scope: isResourceRequest && isRouted ? 'namespace' : '',
    statusCode: 200,
    sentBytes: 2000,
    isLongRunning: false,
  } as unknown as Exchange;
}

const pods =
  'verb="LIST",group="",version="v1",resource="pods",subresource="",scope="namespace",component="apiserver"';
const unknown = 'group="",version="",resource="",subresource="",scope="",component="apiserver"';

t.test('ServerMetrics counts requests by their labels, and their times in buckets', async (t) => {
  const metrics = new ServerMetrics(clockAt([0, 3, 0, 300, 0, 70_000, 0, 1, 0, 1, 0, 1]));
  const asked = [
    exchangeOf({ verb: 'list' }),
    exchangeOf({ verb: 'list' }),
    exchangeOf({ verb: 'list' }),
    exchangeOf({ verb: 'list', query: 'dryRun=All' }),
    exchangeOf({ verb: 'list', isRouted: false }),
    exchangeOf({ verb: 'invented', path: '/nowhere/at/all' }),
  ];
  for (const exchange of asked) await metrics.observe(exchange, async () => {});
  const lines = (await metrics.registry.metrics()).split('\n');
  const duration = 'apiserver_request_duration_seconds';
  for (const line of [
    `apiserver_request_total{${pods},code="200",dry_run=""} 3`,
    `apiserver_request_total{${pods},code="200",dry_run="All"} 1`,
    `apiserver_request_total{verb="LIST",${unknown},code="200",dry_run=""} 1`,
    `apiserver_request_total{verb="other",${unknown},code="200",dry_run=""} 1`,
    `# TYPE ${duration} histogram`,
    `${duration}_bucket{le="0.005",${pods},dry_run=""} 1`,
    `${duration}_bucket{le="0.2",${pods},dry_run=""} 1`,
    `${duration}_bucket{le="0.4",${pods},dry_run=""} 2`,
    `${duration}_bucket{le="60",${pods},dry_run=""} 2`,
    `${duration}_bucket{le="+Inf",${pods},dry_run=""} 3`,
    `${duration}_sum{${pods},dry_run=""} 70.303`,
    `${duration}_count{${pods},dry_run=""} 3`,
    `apiserver_response_sizes_bucket{le="1000",${pods}} 0`,
    `apiserver_response_sizes_bucket{le="10000",${pods}} 4`,
    `apiserver_response_sizes_sum{${pods}} 8000`,
  ]) {
    t.ok(lines.includes(line), line);
  }
  t.notOk(lines.some((line) => line.startsWith('apiserver_response_sizes') && /other/.test(line)));
});

t.test('ServerMetrics counts who asked, and what watchers were sent', async (t) => {
  const metrics = new ServerMetrics(clockAt([]));
  metrics.onAuthenticated('success', 'admin');
  metrics.onAuthenticated('success', 'jane');
  metrics.onAuthenticated('success', 'john');
  metrics.onAuthenticated('failure', '');
  metrics.onInFlight('mutating', 4);
  metrics.onInFlight('mutating', 3);
  const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
  metrics.onWatchEvents(deployments, [10, 2048, 2049]);
  metrics.onWatchEvents(deployments, [1 << 20, 1, 1, 1]);
  metrics.onWatchList({ group: '', version: 'v1', resource: 'pods' }, 'cluster', 0.3);
  for (let look = 0; look < 2; look++) {
    const lines = (await metrics.registry.metrics()).split('\n');
    for (const line of [
      'authentication_attempts{result="success"} 3',
      'authentication_attempts{result="failure"} 1',
      'authenticated_user_requests{username="admin"} 1',
      'authenticated_user_requests{username="other"} 2',
      'apiserver_current_inflight_requests{request_kind="mutating"} 3',
      'apiserver_watch_events_total{group="apps",version="v1",resource="deployments"} 7',
      'apiserver_watch_events_sizes_bucket{le="1024",group="apps",version="v1",resource="deployments"} 4',
      'apiserver_watch_events_sizes_bucket{le="2048",group="apps",version="v1",resource="deployments"} 5',
      'apiserver_watch_events_sizes_bucket{le="4096",group="apps",version="v1",resource="deployments"} 6',
      'apiserver_watch_events_sizes_bucket{le="131072",group="apps",version="v1",resource="deployments"} 6',
      'apiserver_watch_events_sizes_count{group="apps",version="v1",resource="deployments"} 7',
      'apiserver_watch_list_duration_seconds_bucket{le="0.4",group="",version="v1",resource="pods",scope="cluster"} 1',
      'apiserver_watch_list_duration_seconds_bucket{le="0.2",group="",version="v1",resource="pods",scope="cluster"} 0',
    ]) {
      t.ok(lines.includes(line), `${line}, look ${look}`);
    }
  }
});
