import http2 from 'node:http2';
import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { AuthorityPatcher } from '../../src/rpc/grpc-js/authority-filter.js';
import { patchAuthority } from '../../src/rpc/grpc-js/authority-patch.js';
import { createGrpcJsServer } from '../../src/rpc/grpc-js/server.js';
import { implementService } from '../../src/rpc/implement.js';
import { Echo } from './echo-service.js';
import { serve } from './support.js';

/** What etcdctl 3.4 sends for `endpoint status`: HTTP/2 headers frame, `:authority: http://127.0.0.1:33423` or such. */
const block = Buffer.from(
  '86459760a924882d9dcb6571afa066a925a87510ac6e48d36a3f41909d29aee30c044eae05c0b86e34175b0f',
  'hex',
);

const frame = (type: number, flags: number, payload: Buffer) => {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header[8] = 1;
  return Buffer.concat([header, payload]);
};
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

t.test(
  'patchAuthority changes the two slashes of a compressed http:// and nothing else',
  async (t) => {
    const patched = Buffer.from(block);
    patchAuthority(patched);
    const changed = [...patched.keys()].filter((i) => patched[i] !== block[i]);
    t.ok(changed.length >= 1 && changed.length <= 4, `bytes ${changed} changed`);
    t.ok(
      changed.every((i) => i >= 28),
      'only bytes of the authority changed',
    );
    const again = Buffer.from(patched);
    patchAuthority(again);
    t.strictSame(again, patched, 'there is nothing left to patch');
  },
);

t.test('patchAuthority changes plain text too, and no other field', async (t) => {
  const plain = (name: number, text: string) =>
    Buffer.concat([Buffer.from([0x40 | name, text.length]), Buffer.from(text)]);
  const before = Buffer.concat([plain(4, '/a/b'), plain(1, 'http://x?y'), plain(4, '/c')]);
  const after = Buffer.concat([plain(4, '/a/b'), plain(1, 'http:--x!y'), plain(4, '/c')]);
  patchAuthority(before);
  t.strictSame(before, after);
});

t.test('patchAuthority leaves malformed blocks to the decoder', async (t) => {
  const prng = new Prng(11);
  for (let i = 0; i < 2000; i++) {
    const bytes = prng.bytes(prng.int(0, 40));
    if (bytes.length > 0) bytes[0] = prng.pick([0x41, 0x01, 0x11, 0x40, 0x3f, 0xff, 0x7f]);
    patchAuthority(bytes);
  }
  t.pass('no exception');
});

t.test('AuthorityPatcher gives the same bytes however they arrive', async (t) => {
  const padded = Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 9]), block, Buffer.alloc(3)]);
  const stream = Buffer.concat([
    preface,
    frame(4, 0, Buffer.alloc(0)),
    frame(1, 0x04, block),
    frame(0, 0, Buffer.alloc(500, 0x2f)),
    frame(1, 0x04 | 0x08 | 0x20, padded),
    frame(1, 0x05, block),
    frame(0, 1, Buffer.alloc(20_000, 0x2f)),
    frame(8, 0, Buffer.alloc(4)),
  ]);
  const patched = Buffer.from(block);
  patchAuthority(patched);
  const whole = new AuthorityPatcher().push(Buffer.from(stream));
  t.equal(whole.length, stream.length);
  t.equal(count(whole, patched), 3, 'all three blocks are patched');
  t.equal(count(whole, block), 0);
  for (let seed = 1; seed <= 200; seed++) {
    const prng = new Prng(seed);
    const patcher = new AuthorityPatcher();
    const parts: Buffer[] = [];
    for (let pos = 0; pos < stream.length; ) {
      const end = Math.min(stream.length, pos + prng.int(1, prng.pick([3, 20, 3000])));
      parts.push(Buffer.from(patcher.push(Buffer.from(stream.subarray(pos, end)))));
      pos = end;
    }
    if (!Buffer.concat(parts).equals(whole)) t.fail(`seed ${seed}: other bytes`);
  }
});

t.test('the grpc-js engine serves callers whose authority is a URL', async (t) => {
  const served = await serve(t, { createServer: createGrpcJsServer }, [
    implementService(Echo, { Unary: (request) => request }),
  ]);
  const session = http2.connect(served.endpoint);
  t.teardown(() => session.destroy());
  for (const authority of ['http://127.0.0.1:2379', 'a b|c"d?e/', 'localhost:1']) {
    const stream = session.request({
      ':method': 'POST',
      ':path': Echo.methods.Unary.path,
      ':authority': authority,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(Buffer.alloc(5));
    const trailers = await new Promise<http2.IncomingHttpHeaders>((resolve, reject) => {
      stream.on('trailers', resolve);
      stream.on('error', reject);
      stream.resume();
    });
    t.equal(trailers['grpc-status'], '0', authority);
  }
});

function count(bytes: Buffer, part: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + 1)) found++;
  return found;
}
