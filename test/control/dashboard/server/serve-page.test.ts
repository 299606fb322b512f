import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import type { PageFile } from '../../../../src/control/dashboard/server/page-file.js';
import { servePage } from '../../../../src/control/dashboard/server/serve-page.js';
import type { WebHandler, WebRequest, WebResponse } from '../../../../src/rpc/web.js';

const bytes = new TextEncoder().encode('the page');
const files: ReadonlyMap<string, PageFile> = new Map([
  ['/dashboard', { contentType: 'text/html', bytes, etag: '"e"', policy: "default-src 'none'" }],
  ['/dashboard/app/a.js', { contentType: 'text/javascript', bytes, etag: '"a"', policy: null }],
]);

/** What a handler answers to a request. */
async function answer(
  handler: WebHandler,
  {
    path,
    method = 'GET',
    headers = {},
  }: { path: string; method?: string; headers?: Record<string, string> },
) {
  const given = { status: 0, headers: {} as Record<string, unknown>, body: '' };
  const response: WebResponse = {
    isStarted: false,
    start(status, head) {
      given.status = status;
      given.headers = { ...head };
    },
    write: () => undefined,
    end(chunk) {
      given.body += new TextDecoder().decode(chunk);
    },
  };
  const request = {
    path,
    method,
    headers: new Map(Object.entries(headers)),
  } as unknown as WebRequest;
  await handler(request, response);
  return given;
}

const elsewhere: WebHandler = async (_, response) => {
  response.start(299, {});
  response.end();
};

t.test('servePage answers its own paths and hands on all others', async (t) => {
  const handler = servePage(async () => files, elsewhere, silentLogger);
  for (const path of ['/dashboard', '/dashboard/']) {
    const { status, headers, body } = await answer(handler, { path });
    t.equal(status, 200);
    t.equal(body, 'the page');
    t.match(headers, {
      'content-security-policy': "default-src 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      etag: '"e"',
    });
  }
  for (const path of ['/', '/api', '/dashboards', '/dashboardx/app/a.js']) {
    t.equal((await answer(handler, { path })).status, 299, path);
  }
  const missing = [
    '/dashboard/app/b.js',
    '/dashboard/../a.js',
    '/dashboard/app/../app/a.js',
    '/dashboard/%61pp/a.js',
  ];
  for (const path of missing) t.equal((await answer(handler, { path })).status, 404, path);
});

t.test(
  'servePage: HEAD has no body, what is known is not sent again, and nothing is written',
  async (t) => {
    const handler = servePage(async () => files, elsewhere, silentLogger);
    t.match(await answer(handler, { path: '/dashboard', method: 'HEAD' }), {
      status: 200,
      body: '',
    });
    const known = { path: '/dashboard/app/a.js', headers: { 'if-none-match': '"a"' } };
    t.match(await answer(handler, known), { status: 304, body: '' });
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      t.match(await answer(handler, { path: '/dashboard', method }), {
        status: 405,
        headers: { allow: 'GET, HEAD' },
      });
    }
  },
);

t.test('servePage says that the page is not built, and looks again', async (t) => {
  let isBuilt = false;
  const load = async () => {
    if (!isBuilt) throw new Error('no such file');
    return files;
  };
  const handler = servePage(load, elsewhere, silentLogger);
  t.match(await answer(handler, { path: '/dashboard' }), { status: 503, body: /npm run build/ });
  isBuilt = true;
  t.equal((await answer(handler, { path: '/dashboard' })).status, 200);
});
