import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { defined } from '../../../../src/base/assert.js';
import { Prng } from '../../../../src/base/prng.js';
import { tailStart } from '../../../../src/control/kubelet/logs/tail-start.js';
import { hostLogFiles } from '../../../../src/host/log-files.js';

const firstSeed = Number(process.env.SEED ?? 1);
const rounds = Number(process.env.ROUNDS ?? 60);

/** A log of lines of which some are in parts, some are long, some are none, and the last may be unfinished. */
function randomLog(prng: Prng): string {
  let text = '';
  const count = prng.int(0, 40);
  for (let i = 0; i < count; i++) {
    const kind = prng.int(0, 9);
    const long = prng.int(0, 12) === 0 ? 70_000 : prng.int(0, 30);
    if (kind === 0) text += 'no line of a container\n';
    else text += `2026-01-02T03:04:05Z stdout ${kind < 4 ? 'P' : 'F'} ${'x'.repeat(long)}\n`;
  }
  if (prng.int(0, 3) === 0) text += '2026-01-02T03:04:05Z stdout F unfinis';
  return text;
}

/** The same from the front, line by line. */
function dumbStart(text: string, lines: number): number {
  const ends: number[] = [];
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    if (/^\S+ stdout F /.test(text.slice(start, end))) ends.push(end + 1);
    start = end + 1;
  }
  const before = ends.length - lines;
  return before <= 0 ? 0 : defined(ends[before - 1]);
}

t.test('tailStart finds what reading from the front finds', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-tail-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const path = join(dir, 'log');
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    const prng = new Prng(seed);
    const text = randomLog(prng);
    await writeFile(path, text);
    const file = defined(await hostLogFiles.open(path));
    for (const lines of [0, 1, 2, prng.int(0, 50)]) {
      const found = await tailStart(file, await file.size(), lines);
      const expected = dumbStart(text, lines);
      if (found === expected) continue;
      t.equal(found, expected, `${lines} lines (again: SEED=${seed} ROUNDS=1)`);
    }
    await file.close();
  }
  t.pass(`${rounds} logs from seed ${firstSeed}`);
});
