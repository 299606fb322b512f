import t from 'tap';
import { Latencies } from '../../../bench/store/latencies.js';
import { formatTable, median } from '../../../bench/store/report.js';
import { Prng } from '../../../src/base/prng.js';

t.test('Latencies: percentiles are within 2 % of the exact ones, merged or not', async (t) => {
  const seed = Date.now() % 1_000_000;
  const prng = new Prng(seed);
  const exact = Array.from({ length: 5000 }, () => 0.05 + 400 * prng.float() ** 4);
  const [even, odd] = [new Latencies(), new Latencies()];
  exact.forEach((ms, index) => {
    (index % 2 === 0 ? even : odd).add(ms);
  });
  const merged = new Latencies();
  merged.merge(even);
  merged.merge(new Latencies(odd.buckets()));
  t.equal(merged.total, exact.length);
  exact.sort((a, b) => a - b);
  for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
    const expected = exact[Math.ceil(share * exact.length) - 1]!;
    const found = merged.percentile(share);
    t.ok(
      found >= expected * 0.999 && found <= expected * 1.021,
      `seed ${seed}: ${found} of ${expected}`,
    );
  }
  t.ok(Number.isNaN(new Latencies().percentile(0.5)), 'of nothing there are none');
});

t.test('formatTable: shows medians and the ratio of ours to theirs', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 3, 2]), 2);
  const rounds = (...rates: number[]) =>
    rates.map((perSecond) => ({ perSecond, p50Ms: 1, p99Ms: 2, errors: 0 }));
  const table = formatTable(
    [{ load: 'put', ours: rounds(10, 300, 200), theirs: rounds(100, 90, 110) }],
    'etcd',
  );
  t.match(table.split('\n')[1], /^put +200 +1\.00 +2\.00 +100 +1\.00 +2\.00 +2\.00 x$/);
  const failing = [{ perSecond: 5, p50Ms: 1, p99Ms: 2, errors: 7 }];
  t.match(formatTable([{ load: 'put', ours: failing, theirs: null }], null), /5 \(7 errors\)/);
});
