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
