import t from 'tap';
import { formatId, type MemberId, memberId } from '../../../src/base/ids.js';
import { computeClusterId, computeMemberId } from '../../../src/store/member/member-ids.js';

/** Measured with etcd 3.4.23: its log lines "added member" and "starting member ... in cluster". */
const clusters: readonly {
  readonly token: string;
  readonly members: readonly (readonly [urls: readonly string[], id: string])[];
  readonly cluster: string;
}[] = [
  {
    token: 'etcd-cluster',
    members: [[['http://localhost:2380'], '8e9e05c52164694d']],
    cluster: 'cdf818194e3a8c32',
  },
  {
    token: 'tok-1',
    members: [
      [['http://127.0.0.1:31381', 'http://127.0.0.1:31380'], 'd24f9c673ee98f70'],
      [['http://127.0.0.1:31391'], 'fc4c9c20b7a9a7d1'],
      [['http://127.0.0.1:31390'], 'dfa7884231bcb40d'],
    ],
    cluster: '2947ca938303c062',
  },
  {
    token: 'été',
    members: [
      [['http://127.0.0.1:31390'], '7c47e7350e19e93e'],
      [['http://127.0.0.1:31380'], '8581558e37486ee2'],
    ],
    cluster: '7e62e2cb1344e384',
  },
  {
    token: 'tk',
    members: [[['http://127.0.0.1:31380'], '']],
    cluster: 'cf9b0a3db4e43608',
  },
];

t.test('computeMemberId and computeClusterId give the ids that etcd gives', async (t) => {
  for (const { token, members, cluster } of clusters) {
    const ids: MemberId[] = [];
    for (const [urls, expected] of members) {
      const id = computeMemberId(urls, token, null);
      if (expected !== '') t.equal(formatId(id), expected, urls.join());
      ids.push(id);
    }
    t.equal(formatId(computeClusterId(ids)), cluster, `cluster of token ${token}`);
    t.equal(formatId(computeClusterId(ids.reverse())), cluster, 'in any order');
  }
});

t.test(
  'computeMemberId mixes in when a member was added, as etcdctl member add does',
  async (t) => {
    const id = computeMemberId(['http://127.0.0.1:31392'], '', 1795260913);
    t.equal(formatId(id), 'a83ec6bd27c5a668');
  },
);

t.test(
  'computeClusterId orders ids as unsigned numbers and leaves its argument alone',
  async (t) => {
    const ids = [memberId(0x8000000000000000n), memberId(1n)];
    t.equal(computeClusterId(ids), computeClusterId([memberId(1n), memberId(0x8000000000000000n)]));
    t.equal(ids[1], 1n);
  },
);
