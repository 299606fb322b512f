import t from 'tap';
import { readResourceMetrics } from '../../../src/control/metrics-api/read-resource-metrics.js';
import { UsageBook } from '../../../src/control/metrics-api/usage-book.js';
import type { NodeReading, UsageSample } from '../../../src/control/metrics-api/usage-sample.js';

t.test('readResourceMetrics reads what kubelets say', (t) => {
  const text = [
    '# HELP node_cpu_usage_seconds_total of the node',
    '# TYPE node_cpu_usage_seconds_total counter',
    'node_cpu_usage_seconds_total 12.5 1700000000000',
    'node_memory_working_set_bytes 1.5e+09 1700000000000',
    'container_cpu_usage_seconds_total{container="a",namespace="n",pod="p"} 0.25 1700000000100',
    'container_memory_working_set_bytes{namespace="n",pod="p",container="a"} 100 1700000000100',
    'container_start_time_seconds{container="a",namespace="n",pod="p"} 1699999990.5',
    'container_cpu_usage_seconds_total{container="half",namespace="n",pod="p"} 1 1700000000100',
    'container_cpu_usage_seconds_total{container="odd \\"\\\\name",namespace="n",pod="q"} 1',
    'container_memory_working_set_bytes{container="odd \\"\\\\name",namespace="n",pod="q"} 2',
    'container_cpu_usage_seconds_total{container="bad",namespace="n",pod="p"} NaN',
    'pod_cpu_usage_seconds_total{namespace="n",pod="p"} 0.25 1700000000100',
    'something_else 1',
    'no metric at all }{',
    '',
  ].join('\n');
  t.same(readResourceMetrics(text, 7), {
    node: {
      ...{ atMs: 1_700_000_000_000, cpuNanoseconds: 12_500_000_000 },
      ...{ memoryBytes: 1_500_000_000, startedAtMs: null },
    },
    containers: [
      {
        ...{ namespace: 'n', pod: 'p', container: 'a' },
        sample: {
          ...{ atMs: 1_700_000_000_100, cpuNanoseconds: 250_000_000, memoryBytes: 100 },
          startedAtMs: 1_699_999_990_500,
        },
      },
      {
        ...{ namespace: 'n', pod: 'q', container: 'odd "\\name' },
        sample: { atMs: 7, cpuNanoseconds: 1_000_000_000, memoryBytes: 2, startedAtMs: null },
      },
    ],
  });
  t.same(readResourceMetrics('', 7), { node: null, containers: [] });
  t.end();
});

function sample(atMs: number, cpuSeconds: number, startedAtMs: number | null = 0): UsageSample {
  return { atMs, cpuNanoseconds: cpuSeconds * 1e9, memoryBytes: atMs, startedAtMs };
}

function reading(node: UsageSample | null, containers: Record<string, UsageSample>): NodeReading {
  return {
    node,
    containers: Object.entries(containers).map(([container, each]) => ({
      ...{ namespace: 'n', pod: 'p', container, sample: each },
    })),
  };
}

t.test('UsageBook: two readings say what is used', (t) => {
  const book = new UsageBook(15_000);
  book.add('n1', reading(sample(100_000, 10, null), { a: sample(100_000, 1) }));
  t.equal(book.node('n1'), null, 'one says nothing');
  t.equal(book.pod('n1', 'n', 'p'), null);
  book.add('n1', reading(sample(115_000, 25, null), { a: sample(115_000, 4) }));
  t.same(book.node('n1'), {
    ...{ atMs: 115_000, windowMs: 15_000, cpuNanoCores: 1e9, memoryBytes: 115_000 },
  });
  t.same(book.pod('n1', 'n', 'p'), [
    {
      name: 'a',
      usage: { atMs: 115_000, windowMs: 15_000, cpuNanoCores: 2e8, memoryBytes: 115_000 },
    },
  ]);
  book.add('n1', reading(sample(115_000, 25, null), { a: sample(115_000, 4) }));
  t.equal(book.node('n1')?.windowMs, 15_000, 'the same numbers again are no news');
  t.equal(book.pod('n2', 'n', 'p'), null, 'another node has not that pod');
  book.remove('n1');
  t.equal(book.node('n1'), null, 'of a node that cannot be read nothing is known');
  t.equal(book.pod('n1', 'n', 'p'), null);
  book.add('n1', reading(sample(130_000, 25, null), {}));
  book.add('n1', reading(sample(145_000, 26, null), {}));
  t.not(book.node('n1'), null);
  book.keep(new Set(['n2']));
  t.equal(book.node('n1'), null, 'a node that is gone is forgotten');
  t.end();
});

t.test('UsageBook: what was started anew is measured from then on', (t) => {
  const cases: readonly [string, UsageSample | null, UsageSample, number | null][] = [
    ['it is new, and too young', null, sample(100_000, 1, 95_000), null],
    ['it is new, and old enough', null, sample(100_000, 1, 90_000), 1e8],
    ['it is new here, but old', null, sample(100_000, 1, 1000), null],
    ['it was restarted', sample(85_000, 50, 0), sample(100_000, 1, 88_000), 83_333_333],
    ['it was restarted just now', sample(85_000, 50, 0), sample(100_000, 1, 99_000), null],
    ['its counter went back', sample(85_000, 50, null), sample(100_000, 1, null), null],
    ['nothing happened', sample(85_000, 50, 0), sample(100_000, 50, 0), 0],
  ];
  for (const [name, before, last, expected] of cases) {
    const book = new UsageBook(15_000);
    if (before !== null) book.add('n1', reading(null, { a: before }));
    book.add('n1', reading(null, { a: last }));
    const found = book.pod('n1', 'n', 'p')?.[0]?.usage.cpuNanoCores ?? null;
    t.equal(found, expected, name);
  }
  t.end();
});

t.test('UsageBook: a pod is known when all of its containers are', (t) => {
  const book = new UsageBook(15_000);
  book.add('n1', reading(null, { a: sample(100_000, 1) }));
  book.add('n1', reading(null, { a: sample(115_000, 2), b: sample(115_000, 1, 114_000) }));
  t.equal(book.pod('n1', 'n', 'p'), null, 'b is too young');
  book.add('n1', reading(null, { a: sample(130_000, 3) }));
  t.equal(book.pod('n1', 'n', 'p')?.length, 1, 'b has ended');
  book.add('n1', reading(null, {}));
  t.equal(book.pod('n1', 'n', 'p'), null, 'nothing runs any more');
  t.end();
});
