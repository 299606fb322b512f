import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { readWebBody } from '../../../src/rpc/read-web-body.js';
import type { WebHandler } from '../../../src/rpc/web.js';
import { serve, testTls } from '../support.js';

const run = promisify(execFile);

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const echo: WebHandler = async (request, response) => {
  if (request.path === '/refuse') {
    response.start(403, {});
    response.end(Buffer.from('no'));
    return;
  }
  const body = await readWebBody(request, { bytesMax: 4 << 20 });
  response.start(200, { 'content-type': 'text/plain', 'x-protocol': request.protocol });
  for (let i = 0; i < body.length; i += 50_000) await response.write(body.subarray(i, i + 50_000));
  response.end();
};

function open(t: Test, isTls: boolean) {
  const options = isTls ? { web: echo, tls: testTls } : { web: echo };
  const upgrade = () => t.fail('nobody asks for that');
  return serve(t, { createServer: createHttp2Server }, [], { ...options, upgrade });
}

/** A file that is gone with the test. */
function bodyFile(t: Test, bytes: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-web-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'body');
  writeFileSync(file, Buffer.alloc(bytes, 'abcdefg'));
  return file;
}

const curlWays: readonly (readonly [string, boolean, readonly string[]])[] = [
  ['HTTP/1.1', false, ['--http1.1']],
  ['HTTP/1.1', false, ['--http2']],
  ['HTTP/2.0', false, ['--http2-prior-knowledge']],
  ['HTTP/1.1', true, ['--http1.1', '-k']],
  ['HTTP/2.0', true, ['--http2', '-k']],
];

t.test('curl gets back what it sends, whatever it speaks', { skip: !has('curl') }, async (t) => {
  for (const [protocol, isTls, options] of curlWays) {
    const { endpoint } = await open(t, isTls);
    const what = `${options.join(' ')} ${isTls ? 'over TLS' : ''}`;
    const file = bodyFile(t, 3_000_000);
    for (const [size, method] of [
      [0, 'GET'],
      [3_000_000, 'POST'],
      [3_000_000, 'PUT'],
    ] as const) {
      const send = size === 0 ? [] : ['--data-binary', `@${file}`, '-X', method];
      const show = ['-w', '%{stderr}%header{x-protocol}'];
      const args = ['-sS', ...show, '--max-time', '300', ...options, ...send, endpoint];
      const { stdout, stderr } = await run('curl', args, { maxBuffer: 8 << 20 });
      t.equal(stdout.length, size, `${method} ${what}`);
      t.equal(stderr, protocol, what);
    }
    const refuse = ['-sS', '--max-time', '300', ...options, '--data-binary', `@${file}`];
    const { stdout } = await run('curl', [...refuse, '-w', '%{http_code}', `${endpoint}/refuse`]);
    t.match(stdout, /403$/, `an upload that is refused, ${what}`);
  }
});

t.test('nghttp gets answers to many requests at once', { skip: !has('nghttp') }, async (t) => {
  const { endpoint } = await open(t, false);
  const file = bodyFile(t, 300_000);
  const { stdout } = await run('nghttp', ['-m', '20', '-d', file, `${endpoint}/x`], {
    maxBuffer: 64 << 20,
  });
  t.equal(stdout.length, 20 * 300_000);
});

t.test('h2load finds no request that fails', { skip: !has('h2load') }, async (t) => {
  for (const isTls of [false, true]) {
    const { endpoint } = await open(t, isTls);
    const { stdout } = await run('h2load', ['-n', '2000', '-c', '4', '-m', '50', endpoint]);
    t.match(stdout, /2000 succeeded, 0 failed, 0 errored/);
  }
});
