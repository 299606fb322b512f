import t from 'tap';
import { CpuRates } from '../../../../src/control/kubelet/usage/cpu-rates.js';
import { metricText } from '../../../../src/control/kubelet/usage/metric-text.js';

t.test('CpuRates: the cores that were used since somebody asked last', (t) => {
  const rates = new CpuRates();
  const ask = (atMs: number, nanoseconds: number) =>
    rates.update(new Map([['a', { atMs, nanoseconds }]])).get('a');
  t.equal(ask(0, 0), null, 'once says nothing');
  t.equal(ask(10_000, 5e9), 5e8);
  t.equal(ask(10_500, 6e9), 5e8, 'what is asked again at once is answered as before');
  t.equal(ask(20_000, 5e9 + 1e10), 1e9, 'and does not count as asked');
  t.equal(ask(30_000, 1e9), null, 'a counter that went back begins anew');
  t.equal(ask(40_000, 2e9), 1e8);
  rates.update(new Map());
  t.equal(ask(50_000, 3e9), null, 'what is gone is forgotten');
  t.end();
});

t.test('metricText writes what Prometheus reads', (t) => {
  const text = metricText([
    { name: 'none', type: 'gauge', help: 'Nothing.', samples: [] },
    {
      ...{ name: 'some', type: 'counter', help: 'One\\two\nlines.' },
      samples: [
        { labels: {}, value: 0.5 },
        { labels: { a: 'b"c\\d\ne', f: '' }, value: 1e21, atMs: 12.7 },
      ],
    },
  ]);
  t.equal(
    text,
    '# HELP some One\\\\two\\nlines.\n# TYPE some counter\nsome 0.5\nsome{a="b\\"c\\\\d\\ne",f=""} 1e+21 12\n',
  );
  t.end();
});
