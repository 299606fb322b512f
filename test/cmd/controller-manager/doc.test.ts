import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { managerFlags } from '../../../src/cmd/controller-manager/flags.js';
import { unbuiltControllers } from '../../../src/cmd/controller-manager/unbuilt-controllers.js';
import { controllerTable } from '../../../src/control/controllers/controller-table.js';
import { projectDir } from '../../e2e/project.js';

const path = join(projectDir, 'docs', 'controller-manager.md');

/** A duration as people write it. */
function shown(value: number | boolean | string, kind: string): string {
  if (kind !== 'duration' || typeof value !== 'number') return String(value);
  if (value > 0 && value % 3_600_000 === 0) return `${value / 3_600_000}h`;
  if (value > 0 && value % 60_000 === 0) return `${value / 60_000}m`;
  return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
}

function table(): string {
  const rows = controllerTable.map(({ name, alias = '', isOnByDefault, flags }) => {
    const own = flags.map((flag) => {
      const value = shown(flag.default, flag.kind);
      return `\`--${flag.name}\`${value === '' ? '' : ` (${value})`}`;
    });
    const called = isOnByDefault ? name : `${name} (off)`;
    return `| ${called} | ${alias} | ${own.join(', ')} |`;
  });
  return [
    '| controller | older name | flags (defaults) |',
    '|---|---|---|',
    ...rows,
    '',
    `Kubernetes' controllers that are not here: ${unbuiltControllers.join(', ')}.`,
    '',
  ].join('\n');
}

t.test(
  'docs/controller-manager.md lists the controllers that there are (UPDATE=1 writes it)',
  async (t) => {
    const text = readFileSync(path, 'utf8');
    const part = /(<!-- controllers: begin -->\n)([\s\S]*?)(<!-- controllers: end -->)/;
    if (process.env.UPDATE === '1') writeFileSync(path, text.replace(part, `$1${table()}$3`));
    else t.equal(part.exec(text)?.[2], table());
  },
);

t.test('no flag has two rows, and no controller two names', async (t) => {
  const flags = managerFlags().map(({ name }) => name.replaceAll('_', '-'));
  t.same(
    flags.filter((name, i) => flags.indexOf(name) !== i),
    [],
  );
  const names = controllerTable.flatMap(({ name, alias }) => (alias ? [name, alias] : [name]));
  t.same(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});
