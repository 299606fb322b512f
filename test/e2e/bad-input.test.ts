import { request as requestHttp } from 'node:http';
import t, { type Test } from 'tap';
import { Prng } from '../../src/base/prng.js';
import {
  Cluster as ClusterService,
  KV,
  Lease,
  Maintenance,
  type MethodDescriptor,
} from '../../src/wire/index.js';
import { until } from '../client/until.js';
import { Cluster } from './cluster.js';
import { hostileBytes, openSilent, randomBytes, sendBytes, truncateCall } from './hostile.js';
import { errorOf, patiently, RawClient } from './raw-client.js';

const seed = Number(process.env.FLOTILLA_BAD_INPUT_SEED ?? Date.now() % 1_000_000);

t.test('flotilla store: no input from outside stops a member or the cluster', async (t) => {
  t.comment(`FLOTILLA_BAD_INPUT_SEED=${seed}`);
  const prng = new Prng(seed);
  // Always ours: etcd 3.4 ends on some of these (etcd #13554).
  const cluster = await Cluster.forTest(t, { kind: 'flotilla' });
  const pids = cluster.members.map((member) => member.pid);
  const client = new RawClient(cluster.member(0).endpoint);
  t.teardown(() => client.close());

  await t.test("requests that are too large are refused with etcd's codes and texts", async (t) => {
    for (const { bytes, code, details } of oversized) {
      const error = await failure(client.put('large', 'x'.repeat(bytes)));
      t.equal(error.code, code, `${bytes} bytes`);
      t.match(error.details, details);
    }
    await patiently(() => client.put('large', 'x'.repeat(1_500_000)));
    t.pass('1.5 MB is taken');
    await serves(t, cluster);
  });

  await t.test('malformed messages are refused', async (t) => {
    for (const [name, bytes] of Object.entries(malformed)) {
      for (const method of methods) {
        const error = await failure(client.callEncoded(method, bytes));
        t.ok([3, 13].includes(error.code), `${method.path}, ${name}: code ${error.code}`);
      }
    }
    await serves(t, cluster);
  });

  await t.test('random messages are answered, one way or another', async (t) => {
    for (let n = 0; n < 300; n++) {
      const method = methods[prng.int(0, methods.length)]!;
      const bytes = randomBytes(prng, prng.int(0, 40));
      const outcome = await client.callEncoded(method, bytes).then(
        () => 0,
        (error: unknown) => errorOf(error).code,
      );
      // 4 would be a request that nobody answered.
      if (outcome === 4) t.fail(`${method.path} ${bytes.toString('hex')}: no answer`);
    }
    await serves(t, cluster);
  });

  await t.test('numbers that no enum has are refused', async (t) => {
    for (const { name, method, bytes, code } of badEnums) {
      const error = await failure(client.callEncoded(method, Buffer.from(bytes, 'hex')));
      t.equal(error.code, code, `${name}: ${error.details}`);
    }
    await serves(t, cluster);
  });

  await t.test('unknown methods and broken calls are refused', async (t) => {
    const { Range } = KV.methods;
    const unknown: MethodDescriptor<unknown, unknown> = {
      ...(Range as unknown as MethodDescriptor<unknown, unknown>),
      path: '/etcdserverpb.KV/Frobnicate',
    };
    t.equal((await failure(client.callEncoded(unknown, Buffer.alloc(0)))).code, 12);
    for (let n = 0; n < 20; n++) await truncateCall(cluster.member(n).endpoint, Range.path);
    await serves(t, cluster);
  });

  await t.test('bytes that are no request get the connection closed', async (t) => {
    for (const member of cluster.members) {
      for (const url of [member.spec.clientUrl, member.spec.peerUrl]) {
        const port = Number(new URL(url).port);
        const all = Object.values(hostileBytes(prng));
        await Promise.all(all.map((bytes) => sendBytes(port, bytes)));
      }
    }
    await serves(t, cluster);
  });

  await t.test('HTTP/1.1 requests get HTTP/1.1 answers', async (t) => {
    t.equal(await httpStatus(`${cluster.member(0).spec.clientUrl}/version`), 200);
    t.equal(await httpStatus(`${cluster.member(0).spec.clientUrl}/frobnicate`), 404);
    await serves(t, cluster);
  });

  await t.test('500 connections that say nothing keep nobody out', async (t) => {
    const { spec } = cluster.member(1);
    const ports = [spec.clientUrl, spec.peerUrl].map((url) => Number(new URL(url).port));
    const sockets = (await Promise.all(ports.map((port) => openSilent(port, 250)))).flat();
    await serves(t, cluster);
    for (const socket of sockets) socket.destroy();
    await serves(t, cluster);
  });

  t.same(
    cluster.members.map((member) => member.pid),
    pids,
    'no member was started again',
  );
  t.ok(
    cluster.members.every((member) => member.isRunning),
    'all members run',
  );
});

const oversized: readonly { bytes: number; code: number; details: RegExp }[] = [
  { bytes: 1_600_000, code: 3, details: /^etcdserver: request is too large$/ },
  { bytes: 2_200_000, code: 8, details: /larger than max/ },
  { bytes: 9_000_000, code: 8, details: /larger than max/ },
];

const methods = [
  KV.methods.Range,
  KV.methods.Put,
  KV.methods.DeleteRange,
  KV.methods.Txn,
  KV.methods.Compact,
  Lease.methods.LeaseGrant,
  Lease.methods.LeaseTimeToLive,
  ClusterService.methods.MemberAdd,
  Maintenance.methods.Alarm,
  Maintenance.methods.Status,
].map((method) => method as unknown as MethodDescriptor<unknown, unknown>);

const malformed: Readonly<Record<string, Buffer>> = {
  'a length past the end': Buffer.from('0aff', 'hex'),
  'an endless varint': Buffer.from('08ffffffffffffffffffffffff', 'hex'),
  'a wire type that does not exist': Buffer.from('0f01', 'hex'),
  'field number 0': Buffer.from('0001', 'hex'),
  'the end of a group that did not begin': Buffer.from('0c', 'hex'),
};

/** Range{key: "k", ...}; sort_order is field 5, sort_target field 6. Txn: one compare, with result 1 and target 2. */
const badEnums: readonly {
  name: string;
  method: MethodDescriptor<unknown, unknown>;
  bytes: string;
  code: number;
}[] = [
  { name: 'sort_order 7', method: methods[0]!, bytes: '0a016b2807', code: 3 },
  { name: 'sort_target 9', method: methods[0]!, bytes: '0a016b28013009', code: 3 },
  {
    name: 'sort_target -1',
    method: methods[0]!,
    bytes: '0a016b280130ffffffffffffffffff01',
    code: 3,
  },
];

/** A write through every member, read back through the next. */
async function serves(t: Test, cluster: Cluster): Promise<void> {
  for (const [index, member] of cluster.members.entries()) {
    const writer = new RawClient(member.endpoint);
    const reader = new RawClient(cluster.member(index + 1).endpoint);
    const value = `${index}-${performance.now()}`;
    try {
      await until(`${member.spec.name} takes a write`, () =>
        writer.put(`serves/${index}`, value).then(
          () => true,
          () => false,
        ),
      );
      const { kvs } = await patiently(() => reader.range(`serves/${index}`));
      t.equal(Buffer.from(kvs[0]?.value ?? []).toString(), value, `${member.spec.name} serves`);
    } finally {
      writer.close();
      reader.close();
    }
  }
}

async function failure(call: Promise<unknown>): Promise<{ code: number; details: string }> {
  try {
    await call;
  } catch (error) {
    return errorOf(error);
  }
  return { code: 0, details: 'it was accepted' };
}

function httpStatus(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = requestHttp(url, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject);
    request.end();
  });
}
