import t from 'tap';
import { Prng } from '../../../src/base/prng.js';
import { Latencies } from '../../../src/cmd/bench/latency.js';

t.test(
  'Latencies: percentiles are within 0.1 % of the exact ones, in one piece or several',
  async (t) => {
    const seed = Date.now() % 1_000_000;
    const prng = new Prng(seed);
    const exact = Array.from({ length: 20_000 }, () => 0.05 + 4000 * prng.float() ** 6);
    const whole = new Latencies();
    const parts = [new Latencies(), new Latencies(), new Latencies()];
    exact.forEach((ms, i) => {
      whole.add(ms);
      parts[i % parts.length]!.add(ms);
    });
    const merged = new Latencies();
    for (const part of parts) merged.addCounts(part.counts());
    exact.sort((a, b) => a - b);
    for (const latencies of [whole, merged]) {
      t.equal(latencies.count, exact.length);
      for (const percent of [0.1, 10, 50, 90, 99, 99.9, 100]) {
        const expected = exact[Math.ceil((percent / 100) * exact.length) - 1]!;
        const found = latencies.percentileMs(percent);
        // A microsecond is the resolution, three digits the precision.
        const tolerance = 0.001 + expected * 0.002;
        t.ok(
          Math.abs(found - expected) <= tolerance,
          `seed ${seed}, p${percent}: ${found}, ${expected}`,
        );
      }
    }
  },
);

t.test('Latencies: the summary names what it is about', async (t) => {
  t.equal(new Latencies().summary(), null, 'of nothing there is none');
  const latencies = new Latencies();
  latencies.add(1, 98);
  latencies.add(10);
  latencies.add(100);
  const summary = latencies.summary();
  t.match(summary, { count: 100, p50: 1, p90: 1 });
  t.ok(Math.abs(summary!.p99 - 10) < 0.01 && Math.abs(summary!.max - 100) < 0.1);
  t.ok(Math.abs(summary!.mean - 2.08) < 0.01, `${summary!.mean}`);
});

t.test(
  'Latencies: reset forgets, and what is shorter than a microsecond counts as one',
  async (t) => {
    const latencies = new Latencies();
    latencies.add(5);
    latencies.reset();
    t.equal(latencies.count, 0);
    t.same(latencies.counts(), []);
    latencies.add(0);
    t.same(latencies.counts(), [[1, 1]]);
  },
);

t.test('Latencies: hours are taken, not refused', async (t) => {
  const latencies = new Latencies();
  latencies.add(3 * 3600 * 1000);
  t.ok(latencies.percentileMs(50) >= 3 * 3600 * 1000);
});
