/**
 * Cost as work grows, on clusters of its own: `node dist/bench/growth.js [CURVE...] [--kind etcd] [--program PATH] [--seconds N]
 * [--large] [--size N]... [--json]`. Curves: members, values, keys, watchers, leases, history. A step in one of them is a limit that a user
 * would hit.
 */
import { parseArgs } from 'node:util';
import type { GrowthOptions } from './growth/curve.js';
import { curves } from './growth/curves.js';
import { formatRows, printRows, type ResultRow } from './print-rows.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: 'string', default: 'flotilla' },
    program: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    large: { type: 'boolean', default: false },
    size: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter((word) => !curves.some(({ name }) => name === word));
const isValid =
  (values.kind === 'flotilla' || values.kind === 'etcd') &&
  Number(values.seconds) > 0 &&
  values.size.every((size) => /^[1-9]\d*$/.test(size));
if (unknown.length > 0 || !isValid) {
  process.stderr.write(
    `growth: curves are ${curves.map(({ name }) => name).join(', ')}; --kind is flotilla or etcd; --seconds and --size are above 0\n`,
  );
  process.exit(2);
}
const options: GrowthOptions = {
  kind: values.kind === 'etcd' ? 'etcd' : 'flotilla',
  program: values.program ?? null,
  seconds: Number(values.seconds),
};
const rows: ResultRow[] = [];
for (const curve of curves) {
  if (positionals.length > 0 && !positionals.includes(curve.name)) continue;
  const ownSizes = values.large ? [...curve.sizes, ...curve.largeSizes] : curve.sizes;
  for (const size of values.size.length > 0 ? values.size.map(Number) : ownSizes) {
    process.stderr.write(`${curve.name}: ${size}\n`);
    const found = await curve.measure(size, options);
    // Whatever happens to the rest: these were measured.
    process.stderr.write(`${formatRows(found)}\n`);
    rows.push(...found);
  }
}
printRows(rows);
