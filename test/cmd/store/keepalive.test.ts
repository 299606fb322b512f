import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ErrorCode } from '../../../src/rpc/http2/protocol.js';
import { Watch } from '../../../src/wire/gen/etcdserverpb.js';
import { TestMember } from '../../client/server.js';
import { freePorts } from '../../e2e/ports.js';
import { headers, hello, requestFields } from '../../rpc/http2/frames.js';
import { HandClient } from '../../rpc/http2/hand-client.js';

t.test('--grpc-keepalive-min-time says how often clients of a member may ping', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-keepalive-'));
  const ports = await freePorts(4);
  const start = async (minTime: string) => {
    const [port, peerPort] = ports.splice(0, 2) as [number, number];
    const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
    const member = new TestMember(url, [
      ...['--name', 'one', '--data-dir', join(dir, minTime), '--initial-cluster', `one=${peerUrl}`],
      ...['--listen-client-urls', url, '--advertise-client-urls', url],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--grpc-keepalive-min-time', minTime],
    ]);
    t.teardown(() => member.kill());
    await member.start();
    const client = await HandClient.connect(t, port);
    client.send(hello, headers(1, requestFields(Watch.methods.Watch.path)));
    for (let i = 0; i < 10 && client.goaway === undefined; i++) await client.settle();
    return client;
  };
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [strict, lenient] = await Promise.all([start('1h'), start('0s')]);
  t.equal(strict.goaway, ErrorCode.enhanceYourCalm);
  t.ok(strict.pongs < 10);
  t.strictSame([lenient.goaway, lenient.pongs], [undefined, 10]);
});
