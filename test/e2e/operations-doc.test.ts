import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { projectDir } from './project.js';

/** Lines that an operator searches for must be there as they are printed. */
t.test('docs/operations.md: every quoted line is one that the program prints', async (t) => {
  const sources = readdirSync(join(projectDir, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(projectDir, 'src', name), 'utf8'))
    .join('\n');
  const text = readFileSync(join(projectDir, 'docs', 'operations.md'), 'utf8');
  const cells = [...text.matchAll(/^\| (`.*?) \|/gm)].map((match) => match[1] ?? '');
  const lines = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? ''));
  t.ok(lines.length > 15, `${lines.length} lines are quoted`);
  for (const line of lines) t.ok(sources.includes(line), `\`${line}\``);
});
