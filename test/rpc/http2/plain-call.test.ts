import http2 from 'node:http2';
import t, { type Test } from 'tap';
import type { HttpHandler } from '../../../src/rpc/http-routes.js';
import { deferred } from '../support.js';
import { serveEcho } from './serve-echo.js';

interface Answer {
  readonly head: http2.IncomingHttpHeaders & { readonly ':status'?: number | undefined };
  readonly body: string;
}

/** Serves the routes over HTTP/2, and returns how to ask. */
async function open(t: Test, routes: Readonly<Record<string, HttpHandler>>) {
  const http = new Map(Object.entries(routes));
  const served = await serveEcho(t, { Unary: (request) => request }, { http });
  const session = http2.connect(served.endpoint);
  t.teardown(() => session.destroy());
  const ask = (fields: http2.OutgoingHttpHeaders, payload = '') => {
    const stream = session.request(fields, { endStream: payload === '' });
    if (payload !== '') stream.end(payload);
    return new Promise<Answer>((resolve, reject) => {
      let head: Answer['head'] = {};
      let body = '';
      stream.on('response', (fields) => {
        head = fields;
      });
      stream.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      stream.on('end', () => resolve({ head, body }));
      stream.on('error', reject);
    });
  };
  return { ...served, session, ask };
}

const hello: HttpHandler = ({ method, path, query }) => ({
  status: 200,
  contentType: 'text/plain',
  body: `${method} ${path} ${query.get('q')}`,
  headers: { 'x-more': 'yes' },
});

t.test('plain requests are answered over HTTP/2 as over HTTP/1.1', async (t) => {
  const { ask } = await open(t, { '/hello': hello });
  const get = await ask({ ':path': '/hello?q=1%202' });
  t.equal(get.body, 'GET /hello 1 2');
  t.match(get.head, {
    ':status': 200,
    'content-type': 'text/plain',
    'content-length': '14',
    'x-content-type-options': 'nosniff',
    'x-more': 'yes',
  });
  const head = await ask({ ':method': 'HEAD', ':path': '/hello' });
  t.strictSame([head.head[':status'], head.body], [200, '']);
  const posted = await ask({ ':method': 'POST', ':path': '/hello' }, 'x'.repeat(100_000));
  t.equal(posted.body, 'POST /hello null', 'the payload is ignored');
  const grpc = await ask({ ':path': '/hello', 'content-type': 'application/grpc' });
  t.equal(grpc.head[':status'], 405, 'a gRPC call is not a plain request');
  const unknown = await ask({ ':path': '/nope' });
  t.equal(unknown.head[':status'], 415);
});

t.test('a plain handler that throws answers 500 without its text', async (t) => {
  const { ask, errors } = await open(t, {
    '/bug': () => {
      throw new Error('secret');
    },
  });
  const { head, body } = await ask({ ':path': '/bug' });
  t.strictSame([head[':status'], body], [500, 'internal error\n']);
  t.strictSame(errors, ['an HTTP handler failed']);
});

t.test('a plain handler learns that its client has gone', async (t) => {
  const started = deferred();
  const gone = deferred();
  const { session } = await open(t, {
    '/slow': async ({ signal }) => {
      signal.addEventListener('abort', () => gone.resolve());
      started.resolve();
      await gone.promise;
      return { status: 200, contentType: 'text/plain', body: 'too late' };
    },
  });
  const stream = session.request({ ':path': '/slow' });
  stream.on('error', () => {});
  await started.promise;
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await gone.promise;
  t.pass('its signal has fired');
});
