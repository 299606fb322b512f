import t from 'tap';
import { parseRequestInfo } from '../../../src/control/apiserver/request-info.js';

/** `verb group/version namespace resource/subresource name`, with - for what is empty. */
function summary(method: string, url: string): string {
  const [path = '', query = ''] = url.split('?');
  const info = parseRequestInfo(method, path, new URLSearchParams(query));
  if (!info.isResourceRequest) return `${info.verb} ${info.path}`;
  const dash = (text: string) => (text === '' ? '-' : text);
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  return [
    info.verb,
    `${dash(info.group)}/${info.version}`,
    dash(info.namespace),
    dash(resource),
    dash(info.name),
  ].join(' ');
}

for (const [method, url, expected] of [
  ['GET', '/', 'get /'],
  ['GET', '/api', 'get /api'],
  ['GET', '/api/v1', 'get /api/v1'],
  ['GET', '/api/v1/', 'get /api/v1/'],
  ['GET', '/apis/apps/v1', 'get /apis/apps/v1'],
  ['POST', '/healthz', 'post /healthz'],
  ['GET', '/api/v1/pods', 'list -/v1 - pods -'],
  ['GET', '/api/v1/pods?watch=true', 'watch -/v1 - pods -'],
  ['GET', '/api/v1/pods?watch', 'watch -/v1 - pods -'],
  ['GET', '/api/v1/pods?watch=1', 'watch -/v1 - pods -'],
  ['GET', '/api/v1/pods?watch=false', 'list -/v1 - pods -'],
  ['GET', '/api/v1/pods?watch=0', 'list -/v1 - pods -'],
  ['GET', '/api/v1/namespaces/ns/pods/p', 'get -/v1 ns pods p'],
  ['HEAD', '/api/v1/namespaces/ns/pods/p', 'get -/v1 ns pods p'],
  ['GET', '/api/v1/namespaces/ns/pods/p?watch=true', 'get -/v1 ns pods p'],
  ['GET', '/api/v1/namespaces/ns/pods/p/log', 'get -/v1 ns pods/log p'],
  ['GET', '/api/v1/namespaces/ns/pods/p/proxy/a/b', 'get -/v1 ns pods/proxy p'],
  ['GET', '/api/v1/namespaces', 'list -/v1 - namespaces -'],
  ['GET', '/api/v1/namespaces/ns', 'get -/v1 ns namespaces ns'],
  ['PUT', '/api/v1/namespaces/ns/status', 'update -/v1 ns namespaces/status ns'],
  ['PUT', '/api/v1/namespaces/ns/finalize', 'update -/v1 ns namespaces/finalize ns'],
  ['GET', '/api/v1/namespaces/ns/other', 'list -/v1 ns other -'],
  ['POST', '/apis/apps/v1/namespaces/ns/deployments', 'create apps/v1 ns deployments -'],
  [
    'PATCH',
    '/apis/apps/v1/namespaces/ns/deployments/d/scale',
    'patch apps/v1 ns deployments/scale d',
  ],
  [
    'DELETE',
    '/apis/apps/v1/namespaces/ns/deployments',
    'deletecollection apps/v1 ns deployments -',
  ],
  ['DELETE', '/apis/apps/v1/namespaces/ns/deployments/d', 'delete apps/v1 ns deployments d'],
  ['GET', '/api/v1/watch/pods', 'watch -/v1 - pods -'],
  ['GET', '/api/v1/watch/namespaces/ns/pods/p', 'watch -/v1 ns pods p'],
  ['GET', '/api/v1/proxy/namespaces/ns/pods/p/x', 'proxy -/v1 ns pods p'],
  ['GET', '/api/v1/namespaces/ns/pods?fieldSelector=metadata.name%3Dp', 'list -/v1 ns pods p'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dp,x%3Dy&watch=1', 'watch -/v1 - pods p'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name!%3Dp', 'list -/v1 - pods -'],
  ['GET', '/api/v1/namespaces/ns/pods?fieldSelector=metadata.name%3D..', 'list -/v1 ns pods -'],
  [
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    'get rbac.authorization.k8s.io/v1 - clusterroles system:node',
  ],
] as const) {
  t.test(`parseRequestInfo reads ${method} ${url}`, async (t) => {
    t.equal(summary(method, url), expected);
  });
}

t.test('parseRequestInfo refuses what cannot be read', async (t) => {
  t.throws(() => parseRequestInfo('GET', '/api/%zz', new URLSearchParams()), {
    message: 'invalid URL escape in "/api/%zz"',
  });
  t.throws(() => parseRequestInfo('GET', '/api/v1/watch', new URLSearchParams()), {
    message: 'unable to determine kind and namespace from url, /api/v1/watch',
  });
});
