import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import type { RequestInfo, UserInfo } from '../../../../src/control/apiserver/contracts.js';
import { FlowControl } from '../../../../src/control/apiserver/flow-control/flow-control.js';
import { dealHand, QueueSet } from '../../../../src/control/apiserver/flow-control/queue-set.js';
import { parseRequestInfo } from '../../../../src/control/apiserver/request-info.js';

const user = (name: string, ...groups: string[]): UserInfo => ({
  ...{ name, uid: '', extra: {} },
  groups: [...groups, 'system:authenticated'],
});
const ask = (method: string, path: string): RequestInfo =>
  parseRequestInfo(method, path, new URLSearchParams());

t.test('FlowControl sorts requests as a new cluster does', async (t) => {
  const flows = new FlowControl(600);
  const node = user('system:node:n', 'system:nodes');
  const controller = user('system:serviceaccount:kube-system:job', 'system:serviceaccounts');
  const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n';
  const cases: readonly [UserInfo, RequestInfo, string, string][] = [
    [user('root', 'system:masters'), ask('DELETE', '/api/v1/pods'), 'exempt', 'exempt'],
    [user('jane'), ask('GET', '/readyz'), 'probes', 'exempt'],
    [user('jane'), ask('GET', '/readyz/etcd'), 'global-default', 'global-default'],
    [user('jane'), ask('GET', '/api/v1/pods'), 'global-default', 'global-default'],
    [node, ask('PATCH', '/api/v1/nodes/n/status'), 'system-node-high', 'node-high'],
    [node, ask('PUT', lease), 'system-node-high', 'node-high'],
    [node, ask('GET', '/api/v1/namespaces/a/pods/b'), 'system-nodes', 'system'],
    [controller, ask('PUT', lease), 'system-leader-election', 'leader-election'],
    [controller, ask('GET', '/api/v1/pods'), 'kube-system-service-accounts', 'workload-high'],
    [
      user('system:serviceaccount:a:b', 'system:serviceaccounts'),
      ask('GET', '/api/v1/pods'),
      'service-accounts',
      'workload-low',
    ],
    [user('system:kube-scheduler'), ask('GET', '/api/v1/pods'), 'kube-scheduler', 'workload-high'],
  ];
  for (const [who, info, schema, level] of cases) {
    const flow = flows.flowOf(who, info);
    t.equal(flow.schema.metadata.name, schema, `${who.name} ${info.path}`);
    t.equal(flow.level.metadata.name, level);
    t.equal(flow.queues === null, level === 'exempt');
  }
  const nobody: UserInfo = { name: 'x', uid: '', groups: [], extra: {} };
  t.equal(flows.flowOf(nobody, ask('GET', '/api')).schema.metadata.name, 'catch-all');
});

t.test('FlowControl shares the seats, lends free ones, and obeys what is configured', async (t) => {
  const flows = new FlowControl(245);
  const seats = Object.fromEntries([...flows.levels()].map(([name, { seats }]) => [name, seats]));
  t.match(seats, { system: 30, 'node-high': 40, 'workload-low': 100, 'catch-all': 5 });
  const { queues } = flows.flowOf(user('jane'), ask('GET', '/api/v1/pods'));
  let entered = 0;
  while (queues?.enter(() => 1n) === null) entered++;
  // 20 of its own, and 33 % of 30, 25 % of 40, 50 % of 40 and 90 % of 100 from the others.
  t.equal(entered, 20 + 10 + 10 + 20 + 90);
  const level = {
    metadata: { name: 'small' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, borrowingLimitPercent: 0 } },
  };
  flows.setLevel(level);
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: 'bob' } }],
      resourceRules: [
        { verbs: ['list'], apiGroups: [''], resources: ['pods'], clusterScope: true },
      ],
    },
  ];
  const schema = {
    metadata: { name: 'bobs' },
    spec: { matchingPrecedence: 50, priorityLevelConfiguration: { name: 'small' }, rules },
  };
  flows.setSchema(schema);
  const nameOf = (path: string) => flows.flowOf(user('bob'), ask('GET', path)).schema.metadata.name;
  t.equal(nameOf('/api/v1/pods'), 'bobs');
  t.equal(nameOf('/api/v1/services'), 'global-default');
  t.equal(nameOf('/api/v1/namespaces/a/pods'), 'global-default');
  flows.removeLevel(level);
  t.equal(nameOf('/api/v1/pods'), 'global-default', 'schemas without their level do not count');
});

t.test('QueueSet: who floods it does not starve the others', async (t) => {
  const set = new QueueSet({ seats: 2, queues: 64, handSize: 6, queueLengthMax: 50 });
  let order = '';
  const enter = (hash: bigint, letter: string) => {
    const place = set.enter(() => hash);
    if (place === null) order += letter;
    else if (place !== 'full') void place.admitted.then(() => (order += letter));
    return place;
  };
  let refused = 0;
  for (let i = 0; i < 1000; i++) if (enter(12345n, 'f') === 'full') refused++;
  t.equal(refused, 1000 - 2 - 6 * 50, 'as much waits as its hand of queues takes');
  enter(987654321987654321n, 'm');
  for (let i = 0; i < 20; i++) set.exit();
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(order.slice(2, 12).includes('m'), 'it is served among the first');
});

t.test('QueueSet: who leaves has no seat, and seats come back', async (t) => {
  const set = new QueueSet({ seats: 1, queues: 4, handSize: 2, queueLengthMax: 1 });
  t.equal(
    set.enter(() => 1n),
    null,
  );
  const place = set.enter(() => 1n);
  if (place === null || place === 'full') throw new Error('it does not wait');
  t.equal(place.leave(), true);
  t.equal(place.leave(), false);
  set.exit();
  t.equal(set.running, 0);
  t.equal(set.waiting, 0);
  const rejecting = new QueueSet({ seats: 0, queues: 0, handSize: 0, queueLengthMax: 0 });
  t.equal(
    rejecting.enter(() => 1n),
    'full',
  );
});

t.test(
  'QueueSet: whose turn it is waits for all of its seats, and nobody overtakes it',
  async (t) => {
    const set = new QueueSet({ seats: 20, queues: 8, handSize: 1, queueLengthMax: 5 });
    t.equal(set.widthMax, 3);
    const seated: string[] = [];
    const enter = (name: string, hash: bigint, width: number) => {
      const place = set.enter(() => hash, width);
      if (place === null) seated.push(name);
      else if (place !== 'full') void place.admitted.then(() => seated.push(name));
    };
    for (let i = 0; i < 6; i++) enter(`list ${i}`, 1n, 3);
    enter('get 0', 2n, 1);
    t.equal(set.running, 19);
    enter('list 6', 1n, 3);
    enter('get 1', 2n, 1);
    t.equal(set.waiting, 2, 'there is a seat for the small one, but it is not its turn');
    set.exit(1);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(set.waiting, 2);
    set.exit(3);
    await new Promise((resolve) => setImmediate(resolve));
    t.same(seated.slice(7), ['list 6', 'get 1']);
    t.equal(set.running, 19);
    t.throws(() => set.exit(20), { message: /nobody had/ });
  },
);

t.test(
  'QueueSet never seats more than it may, nor leaves seats empty that somebody waits for',
  async (t) => {
    const seed = Number(process.env.SEED ?? 4);
    const prng = new Prng(seed);
    const set = new QueueSet({ seats: 8, queues: 8, handSize: 3, queueLengthMax: 4 });
    const widthMax = 2;
    t.equal(set.widthMax, widthMax);
    const running: number[] = [];
    const waiting: { leave(): boolean }[] = [];
    for (let step = 0; step < 5000; step++) {
      const dice = prng.float();
      if (dice < 0.5) {
        const width = prng.float() < 0.3 ? widthMax : 1;
        const place = set.enter(() => BigInt(Math.floor(prng.float() * 20)) * 7919n, width);
        if (place === null) running.push(width);
        else if (place !== 'full') {
          waiting.push(place);
          void place.admitted.then(() => running.push(width));
        }
      } else if (dice < 0.9 && running.length > 0) {
        const [width = 1] = running.splice(Math.floor(prng.float() * running.length), 1);
        set.exit(width);
      } else waiting.splice(Math.floor(prng.float() * waiting.length), 1)[0]?.leave();
      await Promise.resolve();
      const taken = running.reduce((sum, width) => sum + width, 0);
      const isIdle = set.running <= 8 - widthMax && set.waiting > 0;
      if (set.running > 8 || isIdle || taken !== set.running)
        throw new Error(`SEED=${seed}, step ${step}: ${set.running} run, ${set.waiting} wait`);
    }
    t.ok(set.running <= 8, `SEED=${seed}`);
  },
);

t.test('dealHand deals different cards, the same ones for the same hash', async (t) => {
  const prng = new Prng(9);
  const counts = new Array<number>(64).fill(0);
  for (let i = 0; i < 4000; i++) {
    const half = () => BigInt(Math.floor(prng.float() * 2 ** 32));
    const hash = half() * 2n ** 32n + half();
    const hand = dealHand(hash, 64, 6);
    if (new Set(hand).size !== 6) t.fail(`${hash}: ${hand}`);
    if (i % 100 === 0) t.same(dealHand(hash, 64, 6), hand);
    for (const card of hand) counts[card] = (counts[card] ?? 0) + 1;
  }
  t.ok(Math.min(...counts) > 200 && Math.max(...counts) < 600, 'all queues are dealt alike');
});
