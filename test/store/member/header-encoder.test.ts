import t from 'tap';
import { clusterId, memberId } from '../../../src/base/ids.js';
import { HeaderEncoder } from '../../../src/store/member/header-encoder.js';
import { ResponseHeader } from '../../../src/wire/gen/etcdserverpb.js';

t.test('HeaderEncoder tells the term of now, and shares what does not change', async (t) => {
  let term = 3;
  const headers = new HeaderEncoder(
    { clusterId: clusterId(7n), memberId: memberId(8n) },
    () => term,
  );
  const header = (revision: number, raftTerm: number) =>
    ResponseHeader.create({ clusterId: 7n, memberId: 8n, revision, raftTerm });
  const first = headers.encode(5);
  t.same(ResponseHeader.decode(first), header(5, 3));
  t.equal(headers.encode(5), first);
  term = 4;
  t.same(ResponseHeader.decode(headers.encode(5)), header(5, 4));
  t.same(ResponseHeader.decode(headers.encode(6)), header(6, 4));
  t.same(ResponseHeader.decode(headers.encode(0)), header(0, 4));
  t.same(ResponseHeader.decode(first), header(5, 3), 'what was handed out has not changed');
});

t.test('HeaderEncoder writes the bytes that the generated codec does', async (t) => {
  for (const [cluster, member] of [
    [1n, 2n],
    [2n ** 64n - 1n, 2n ** 63n],
  ] as const) {
    for (const raftTerm of [0, 1, 127, 128, 2 ** 40]) {
      const identity = { clusterId: clusterId(cluster), memberId: memberId(member) };
      const headers = new HeaderEncoder(identity, () => raftTerm);
      for (const revision of [0, 1, 127, 128, 16_383, 16_384, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
        const expected = ResponseHeader.encode({ ...identity, revision, raftTerm });
        t.same(headers.encode(revision), expected, `revision ${revision}, term ${raftTerm}`);
      }
    }
  }
});
