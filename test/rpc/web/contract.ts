import t, { type Test } from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { createHttp2Server } from '../../../src/rpc/http2/server.js';
import { readWebBody } from '../../../src/rpc/read-web-body.js';
import type { WebHandler } from '../../../src/rpc/web.js';
import { BodyTooLargeError, ClientGoneError, WebHeadError } from '../../../src/rpc/web-errors.js';
import { HandClock } from '../hand-clock.js';
import { deferred, eventually, type ServeOptions, serve, testTls } from '../support.js';
import { type Ask, readAll, type WebClient } from './clients.js';

/** What every way to reach a WebHandler promises. */
export function webContract(client: WebClient): void {
  const { name } = client;

  async function open(t: Test, web: WebHandler, more: ServeOptions = {}) {
    const options = client.isTls ? { ...more, web, tls: testTls } : { ...more, web };
    const served = await serve(t, { createServer: createHttp2Server }, [], options);
    const ask = client.open(t, served.endpoint);
    const askAll = async (what: Ask) => {
      const { status, headers, body } = await ask(what).answer;
      return { status, headers, body: await readAll(body) };
    };
    return { ...served, ask, askAll };
  }

  t.test(
    `${name}: a handler sees the request as it was made, and the client the answer`,
    async (t) => {
      let seen: Record<string, unknown> = {};
      const { askAll } = await open(t, async (request, response) => {
        const { method, path, query, protocol, isTls, authority, remoteAddress } = request;
        seen = { method, path, query, protocol, isTls, authority, remoteAddress };
        seen.headers = new Map(request.headers);
        seen.certificates = request.peerCertificates.length;
        response.start(201, {
          'Content-Type': 'text/plain',
          'x-two': ['a', 'b'],
          'content-length': '2',
        });
        response.end(Buffer.from('ok'));
      });
      const path = '/a%2Fb/c?x=%20y&z';
      const answer = await askAll({ path, headers: { cookie: 'a=1; b=2', 'X-Some': 'Thing' } });
      t.equal(answer.status, 201);
      t.match(answer.headers.date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
      t.equal(answer.body.toString(), 'ok');
      t.match(answer.headers, {
        'content-type': 'text/plain',
        'content-length': '2',
        'x-two': 'a, b',
      });
      t.match(seen, {
        method: 'GET',
        path: '/a%2Fb/c',
        query: 'x=%20y&z',
        protocol: client.isHttp2 ? 'HTTP/2.0' : 'HTTP/1.1',
        isTls: client.isTls,
        authority: /^127\.0\.0\.1:\d+$/,
        remoteAddress: /^127\.0\.0\.1:\d+$/,
        certificates: 0,
      });
      const headers = seen.headers as Map<string, string>;
      t.equal(headers.get('x-some'), 'Thing');
      t.equal(headers.get('cookie'), 'a=1; b=2');
      t.notOk(headers.has('host'));
    },
  );

  t.test(`${name}: bodies of any size arrive whole, and go back`, async (t) => {
    const { askAll } = await open(t, async (request, response) => {
      const body = await readWebBody(request, { bytesMax: 4 << 20 });
      response.start(200, {});
      response.end(body);
    });
    const prng = new Prng(1);
    for (const size of [0, 1, 100, 16_384, 16_385, 65_535, 65_536, 1_000_000, 3 << 20]) {
      const body = Buffer.from(prng.bytes(size));
      const answer = await askAll({ path: '/', method: 'POST', body });
      t.ok(answer.body.equals(body), `${size} bytes`);
    }
  });

  t.test(`${name}: a body in many small pieces arrives in order`, async (t) => {
    const { ask } = await open(t, async (request, response) => {
      response.start(200, {});
      for await (const chunk of request.body) await response.write(chunk);
      response.end();
    });
    const { request, answer } = ask({ path: '/', method: 'POST', body: null });
    const prng = new Prng(2);
    const pieces = Array.from({ length: 3000 }, () => Buffer.from(prng.bytes(prng.int(1, 300))));
    for (const piece of pieces) request.write(piece);
    request.end();
    t.ok((await readAll((await answer).body)).equals(Buffer.concat(pieces)));
  });

  t.test(
    `${name}: an answer is there as soon as it is started, and each write as it is made`,
    async (t) => {
      const steps = [deferred(), deferred()];
      const { ask } = await open(t, async (_, response) => {
        response.start(200, { 'content-type': 'application/json' });
        for (const [i, step] of steps.entries()) {
          await step.promise;
          await response.write(Buffer.from(`event ${i}\n`));
        }
        response.end();
      });
      const { body } = await ask({ path: '/watch' }).answer;
      const parts = body[Symbol.asyncIterator]();
      for (const [i, step] of steps.entries()) {
        step.resolve();
        t.equal(String((await parts.next()).value), `event ${i}\n`);
      }
      t.equal((await parts.next()).done, true);
    },
  );

  t.test(`${name}: HEAD, 204 and 304 have no body, whatever is written`, async (t) => {
    const { askAll } = await open(t, async (request, response) => {
      response.start(Number(request.path.slice(1)), { 'x-a': 'b' });
      await response.write(Buffer.from('some'));
      response.end(Buffer.from('thing'));
    });
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
      ['HEAD', 404],
    ] as const) {
      const answer = await askAll({ method, path: `/${status}` });
      t.equal(answer.status, status);
      t.equal(answer.headers['x-a'], 'b');
      t.equal(answer.body.length, 0);
    }
    t.equal(
      (await askAll({ path: '/200' })).body.toString(),
      'something',
      'the connection is usable',
    );
  });

  t.test(
    `${name}: a writer that awaits keeps what is queued small while the client does not read`,
    async (t) => {
      let written = 0;
      const total = 100 << 20;
      const piece = Buffer.alloc(64 * 1024, 'x');
      const { ask } = await open(t, async (_, response) => {
        response.start(200, {});
        for (; written < total; written += piece.length) await response.write(piece);
        response.end();
      });
      const { body } = await ask({ path: '/large' }).answer;
      let before = -1;
      await eventually(() => {
        const isStill = before === written;
        before = written;
        return isStill && written > 0;
      }, 'the writer waits');
      t.ok(written < 20 << 20, `${written} bytes written`);
      let read = 0;
      for await (const part of body) read += part.length;
      t.equal(read, total);
    },
  );

  t.test(`${name}: a reader that stops holds the client back`, async (t) => {
    const release = deferred();
    const { ask } = await open(t, async (request, response) => {
      await release.promise;
      let bytes = 0;
      for await (const chunk of request.body) bytes += chunk.length;
      response.start(200, {});
      response.end(Buffer.from(String(bytes)));
    });
    const total = 40 << 20;
    const { request, answer } = ask({ path: '/', method: 'PUT', body: null });
    const piece = Buffer.alloc(256 * 1024);
    let sent = 0;
    const send = () => {
      while (sent < total) {
        sent += piece.length;
        if (!request.write(piece)) return void request.once('drain', send);
      }
      request.end();
    };
    send();
    let before = -1;
    await eventually(() => {
      const isStill = before === sent;
      before = sent;
      return isStill;
    }, 'the client waits');
    t.ok(sent < total, `${sent} bytes sent`);
    release.resolve();
    t.equal((await readAll((await answer).body)).toString(), String(total));
  });

  t.test(
    `${name}: a handler may answer without reading the body, and the connection goes on`,
    async (t) => {
      const { askAll } = await open(t, async (request, response) => {
        response.start(request.method === 'POST' ? 413 : 200, {});
        response.end(Buffer.from('done'));
      });
      for (let i = 0; i < 12; i++) {
        const refused = await askAll({
          path: '/',
          method: 'POST',
          body: Buffer.alloc(500_000),
        }).catch(() => ({ status: 413 }));
        t.equal(refused.status, 413);
      }
      t.equal((await askAll({ path: '/' })).status, 200);
    },
  );

  t.test(
    `${name}: a handler that leaves the body halfway answers, and the connection goes on`,
    async (t) => {
      const { askAll } = await open(t, async (request, response) => {
        try {
          await readWebBody(request, { bytesMax: 100_000 });
          response.start(200, {});
        } catch (error) {
          response.start(error instanceof BodyTooLargeError ? 413 : 500, {});
        }
        response.end();
      });
      const bodies = [{ headers: { 'content-length': '300000' } }, { headers: {} }];
      for (const more of bodies) {
        const refused = await askAll({
          path: '/',
          method: 'POST',
          body: Buffer.alloc(300_000),
          ...more,
        });
        t.equal(refused.status, 413);
      }
      t.equal((await askAll({ path: '/' })).status, 200);
    },
  );

  t.test(
    `${name}: a client that goes away aborts the signal, the body and the writer`,
    async (t) => {
      const started = deferred();
      const outcomes: unknown[] = [];
      const { ask, errors } = await open(t, async (request, response) => {
        const { signal } = request;
        response.start(200, {});
        started.resolve();
        const gone = new Promise((resolve) => signal.addEventListener('abort', resolve));
        const reading = readWebBody(request, { bytesMax: 1 << 20 }).catch((error) => error);
        while (!signal.aborted) await response.write(Buffer.alloc(100_000));
        await gone;
        outcomes.push(signal.reason, await reading);
        response.end();
        await request.signal.throwIfAborted();
      });
      const { cancel, answer, request } = ask({ path: '/', method: 'POST', body: null });
      request.on('error', () => {});
      request.write(Buffer.alloc(10));
      await started.promise;
      (await answer).body.on('error', () => {});
      cancel();
      await eventually(() => outcomes.length === 2, 'the handler learns of it');
      for (const outcome of outcomes) t.ok(outcome instanceof ClientGoneError, String(outcome));
      t.strictSame(errors, [], 'which is no error of ours');
    },
  );

  t.test(`${name}: the signal that is asked for late has fired already`, async (t) => {
    const started = deferred();
    const result = deferred<boolean>();
    const { ask } = await open(t, async (request) => {
      started.resolve();
      await readWebBody(request, { bytesMax: 100 }).catch(() => {});
      result.resolve(request.signal.aborted);
    });
    const { cancel, request } = ask({ path: '/', method: 'POST', body: null });
    request.on('error', () => {});
    request.write('begin');
    await started.promise;
    cancel();
    t.equal(await result.promise, true);
  });

  t.test(
    `${name}: what a handler throws is logged, and answered 500 without its text`,
    async (t) => {
      const { askAll, errors } = await open(t, async () => {
        throw new Error('secret');
      });
      const { status, body } = await askAll({ path: '/' });
      t.strictSame([status, body.toString()], [500, 'internal error\n']);
      t.strictSame(errors, ['an HTTP handler failed']);
    },
  );

  t.test(`${name}: an answer that is not completed does not look complete`, async (t) => {
    const handlers: Readonly<Record<string, WebHandler>> = {
      '/throws': async (_, response) => {
        response.start(200, {});
        await response.write(Buffer.from('half'));
        throw new Error('broken');
      },
      '/settles': async (_, response) => {
        response.start(200, {});
        await response.write(Buffer.from('half'));
      },
    };
    const { ask, errors } = await open(t, async (request, response) =>
      handlers[request.path]!(request, response),
    );
    for (const path of Object.keys(handlers)) {
      const asked = ask({ path });
      await t.rejects(
        asked.answer.then(({ body }) => readAll(body)),
        path,
      );
    }
    t.strictSame(errors, ['an HTTP handler failed', 'an HTTP handler failed']);
    const silent = await open(t, async () => {});
    t.equal((await silent.askAll({ path: '/' })).status, 500, 'nothing at all answers 500');
  });

  t.test(`${name}: header fields that HTTP does not have are refused`, async (t) => {
    const bad: readonly (readonly [number, Readonly<Record<string, string>>])[] = [
      [200, { 'x-a': 'b\r\nx-c: d' }],
      [200, { 'x a': 'b' }],
      [200, { '': 'b' }],
      [200, { 'x-a': 'snow ☃' }],
      [200, { 'content-type': 'a\nb' }],
      [199, {}],
      [600, {}],
    ];
    const errors: unknown[] = [];
    const { askAll } = await open(t, async (request, response) => {
      const [status, headers] = bad[Number(request.query)]!;
      try {
        response.start(status, headers);
      } catch (error) {
        errors.push(error);
      }
      response.start(200, { 'x-a': 'fine' });
      response.end();
    });
    for (const i of bad.keys()) t.equal((await askAll({ path: `/?${i}` })).headers['x-a'], 'fine');
    t.equal(errors.filter((error) => error instanceof WebHeadError).length, bad.length);
  });

  t.test(`${name}: 100 Continue is said when the body is read, and not otherwise`, async (t) => {
    const { ask, askAll } = await open(t, async (request, response) => {
      const bytes =
        request.path === '/read' ? (await readWebBody(request, { bytesMax: 100 })).length : -1;
      response.start(200, {});
      response.end(Buffer.from(String(bytes)));
    });
    const headers = { expect: '100-continue', 'content-length': '5' };
    const read = ask({ path: '/read', method: 'POST', headers, body: null });
    await eventually(() => read.hasContinue, 'it is said');
    read.request.end('12345');
    t.equal((await readAll((await read.answer).body)).toString(), '5');
    const unread = ask({ path: '/no', method: 'POST', headers, body: null });
    unread.request.on('error', () => {});
    t.equal((await readAll((await unread.answer).body)).toString(), '-1');
    t.equal(unread.hasContinue, false);
    unread.cancel();
    t.equal((await askAll({ path: '/no' })).status, 200);
  });

  t.test(`${name}: many requests at once are answered each with its own`, async (t) => {
    const { askAll } = await open(t, async (request, response) => {
      const body = await readWebBody(request, { bytesMax: 1 << 20 });
      response.start(200, { 'x-path': request.path, 'content-type': 'text/plain' });
      response.end(body);
    });
    const prng = new Prng(3);
    const bodies = Array.from({ length: 150 }, () => Buffer.from(prng.bytes(prng.int(0, 40_000))));
    const answers = await Promise.all(
      bodies.map((body, i) => askAll({ path: `/${i}`, method: 'PUT', body })),
    );
    for (const [i, { headers, body }] of answers.entries()) {
      if (headers['x-path'] !== `/${i}` || !body.equals(bodies[i]!)) t.fail(`answer ${i}`);
    }
    t.equal(answers.length, bodies.length);
  });

  t.test(
    `${name}: close lets requests finish, and takes watches down after its grace`,
    async (t) => {
      const release = deferred();
      const gone = deferred();
      let startedCount = 0;
      const clock = new HandClock();
      const handle: WebHandler = async (request, response) => {
        response.start(200, {});
        startedCount++;
        if (request.path === '/slow') {
          await release.promise;
          response.end(Buffer.from('finished'));
        } else {
          request.signal.addEventListener('abort', () => gone.resolve());
          await gone.promise;
          response.end();
        }
      };
      const { ask, close } = await open(t, handle, { clock });
      const watch = ask({ path: '/watch' });
      const slow = ask({ path: '/slow' });
      const answer = await slow.answer;
      const watched = await watch.answer;
      watched.body.on('error', () => {});
      watched.body.resume();
      await eventually(() => startedCount === 2, 'both run');
      const closed = close(300);
      release.resolve();
      t.equal((await readAll(answer.body)).toString(), 'finished');
      clock.advance(300);
      await gone.promise;
      await closed;
    },
  );
}
