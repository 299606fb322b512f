import t from 'tap';
import { Exchange } from '../../../../src/control/apiserver/exchange.js';
import type { EndpointTable } from '../../../../src/control/apiserver/registry/endpoint-table.js';
import { listWidth } from '../../../../src/control/apiserver/server/list-width.js';
import { CachedStorage } from '../../../../src/control/apiserver/storage/cached-storage.js';

/** Endpoints of pods, of which so many are stored. */
function endpointsWith(objects: number): EndpointTable {
  const storage = Object.create(CachedStorage.prototype, { stats: { value: () => ({ objects }) } });
  const registry = (_: string, resource: string) => (resource === 'pods' ? { storage } : undefined);
  return { registry } as unknown as EndpointTable;
}

function exchange(method: string, path: string, query: string): Exchange {
  const request = {
    ...{ method, path, query, headers: new Map(), authority: '', protocol: 'HTTP/1.1' as const },
    ...{ isTls: true, remoteAddress: '[::1]:5000', peerCertificates: [] },
    signal: new AbortController().signal,
    body: (async function* () {})(),
  };
  const response = { isStarted: false, start() {}, write: () => undefined, end() {} };
  return new Exchange(request, response, { auditId: '', nowMs: 0 });
}

t.test('listWidth: a list takes seats by the objects that it looks at', (t) => {
  const cases: readonly [string, string, string, number][] = [
    ['GET', '/api/v1/pods', '', 5],
    ['GET', '/api/v1/namespaces/n/pods', '', 5],
    ['GET', '/api/v1/pods', 'limit=100', 1],
    ['GET', '/api/v1/pods', 'limit=101', 2],
    ['GET', '/api/v1/pods', 'limit=100&labelSelector=a%3Db', 5],
    ['GET', '/api/v1/pods', 'limit=x', 5],
    ['GET', '/api/v1/pods', 'fieldSelector=status.phase%3DRunning', 5],
    ['GET', '/api/v1/pods', 'fieldSelector=spec.nodeName%3Dn1', 1],
    ['GET', '/api/v1/pods', 'fieldSelector=a%3Db,metadata.name%3D%3Dx', 1],
    ['GET', '/api/v1/pods', 'fieldSelector=spec.nodeName!%3Dn1', 5],
    ['GET', '/api/v1/pods', 'watch=true', 1],
    ['GET', '/api/v1/namespaces/n/pods/p', '', 1],
    ['POST', '/api/v1/namespaces/n/pods', '', 1],
    ['GET', '/api/v1/services', '', 1],
    ['GET', '/healthz', '', 1],
  ];
  const widthOf = listWidth(endpointsWith(450));
  for (const [method, path, query, width] of cases)
    t.equal(widthOf(exchange(method, path, query)), width, `${method} ${path} ${query}`);
  t.equal(listWidth(endpointsWith(0))(exchange('GET', '/api/v1/pods', '')), 1);
  t.equal(listWidth(endpointsWith(100_000))(exchange('GET', '/api/v1/pods', '')), 10);
  t.end();
});
