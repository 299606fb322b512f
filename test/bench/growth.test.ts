import t from 'tap';
import { curves } from '../../bench/growth/curves.js';

const options = { kind: 'flotilla', program: null, seconds: 2 } as const;
const measure = (name: string, size: number) =>
  curves.find((curve) => curve.name === name)!.measure(size, options);

t.test('leases: they are there while the loads run', async (t) => {
  const [granted, renewed, put] = await measure('leases', 50);
  t.match(granted!.name, '50 leases, grant');
  for (const row of [granted, renewed, put]) t.ok(row!.perSecond! > 0, row!.name);
  t.notOk(renewed!.note ?? put!.note, 'no errors');
});

t.test('history: all revisions are written', async (t) => {
  const [row, ...more] = await measure('history', 3000);
  t.same(more, []);
  t.match(row!.name, '3,000 revisions');
  t.match(row!.note, /^\d+ compactions, [\d.]+ MiB database, \d+ MiB a member$/);
});

t.test('curves: sizes grow', async (t) => {
  for (const { name, sizes, largeSizes } of curves) {
    const all = [...sizes, ...largeSizes];
    t.same(
      all,
      [...all].sort((a, b) => a - b),
      name,
    );
  }
});
