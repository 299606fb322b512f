import t from 'tap';
import type { Target } from '../../../src/control/proxy/model/service-port.js';
import { Balancer } from '../../../src/control/proxy/userspace/balancer.js';

const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((ip) => ({
  ...{ ip, port: 80, isLocal: false },
})) as [Target, Target, Target];

t.test('Balancer takes turns', async (t) => {
  const balancer = new Balancer();
  t.equal(balancer.choose('x', 0), null, 'without endpoints nobody goes anywhere');
  balancer.update([a, b, c], 0);
  const chosen = Array.from({ length: 9 }, () => balancer.choose('x', 0));
  for (const target of [a, b, c]) t.equal(chosen.filter((each) => each === target).length, 3);
});

t.test('Balancer passes over those that failed', async (t) => {
  const balancer = new Balancer();
  balancer.update([a, b, c], 0);
  t.same(new Set(Array.from({ length: 6 }, () => balancer.choose('x', 0, [a, c]))), new Set([b]));
  t.equal(balancer.choose('x', 0, [a, b, c]), null);
});

t.test(
  'Balancer keeps a client with its endpoint until it has been away for the time',
  async (t) => {
    const balancer = new Balancer();
    balancer.update([a, b, c], 10);
    const first = balancer.choose('x', 0);
    t.not(balancer.choose('y', 0), first, 'another client has the next turn');
    for (const nowMs of [5_000, 14_999, 24_998]) t.equal(balancer.choose('x', nowMs), first);
    t.not(balancer.choose('x', 34_998), first, 'ten seconds later it is free');
  },
);

t.test(
  'Balancer frees a client whose endpoint went, failed, or keeps nobody any more',
  async (t) => {
    const balancer = new Balancer();
    balancer.update([a, b], 10);
    t.equal(balancer.choose('x', 0), a);
    t.equal(balancer.choose('x', 1, [a]), b, 'failed');
    t.equal(balancer.choose('x', 2), b, 'and stays with the next');
    balancer.update([a, c], 10);
    const next = balancer.choose('x', 3);
    t.not(next, b, 'gone');
    balancer.update([a, c], 0);
    t.same(new Set([balancer.choose('x', 4), balancer.choose('x', 5)]), new Set([a, c]));
  },
);
