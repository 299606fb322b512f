import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { LevelOpenError, openLevelHome } from '../../src/host/level.js';
import { orderedDbContract } from './ordered-db-contract.js';

function makeDir(t: { teardown(callback: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'level-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'db');
}

t.test('LevelHome', async (t) => {
  orderedDbContract(t, (t) => {
    const dir = makeDir(t);
    return { home: () => openLevelHome(dir), restart: () => openLevelHome(dir) };
  });
});

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** A closed database with something in it, flushed to a table file. */
async function makeDb(dir: string): Promise<void> {
  const db = await openLevelHome(dir).openCurrent();
  await db.write([{ kind: 'put', key: bytes('a'), value: bytes('1') }], { sync: true });
  await db.compactRange({ gte: bytes(''), lt: bytes('z') });
  await db.close();
}

const damage: [string, (dir: string) => void, string][] = [
  ['the manifest is missing', (dir) => remove(dir, /^MANIFEST/), 'damaged'],
  ['CURRENT is missing', (dir) => remove(dir, /^CURRENT$/), 'missing'],
  [
    'the whole folder is missing',
    (dir) => rmSync(join(dir, 'level-1'), { recursive: true }),
    'missing',
  ],
  ['a table is missing', (dir) => remove(dir, /\.ldb$/), 'damaged'],
  ['the manifest is garbage', (dir) => overwrite(dir, /^MANIFEST/), 'damaged'],
  ['the pointer is garbage', (dir) => writeFileSync(join(dir, 'current'), '../else\n'), 'damaged'],
];

for (const [what, break_, code] of damage) {
  t.test(`LevelHome.openCurrent says what to do when ${what}`, async (t) => {
    const dir = makeDir(t);
    await makeDb(dir);
    break_(dir);
    try {
      const db = await openLevelHome(dir).openCurrent();
      await db.close();
      t.fail('it opened');
    } catch (error) {
      t.ok(error instanceof LevelOpenError);
      t.equal((error as LevelOpenError).code, code, String(error));
      t.match((error as Error).message, dir);
      t.match((error as Error).message, /start again/);
    }
  });
}

t.test('LevelHome.openCurrent refuses a database that is open already', async (t) => {
  const dir = makeDir(t);
  const db = await openLevelHome(dir).openCurrent();
  await t.rejects(openLevelHome(dir).openCurrent(), { code: 'locked' });
  await db.close();
});

t.test('LevelHome removes what a crash between two steps left', async (t) => {
  const dir = makeDir(t);
  await makeDb(dir);
  // A replacement that was never promoted, and a pointer that was never renamed.
  const home = openLevelHome(dir);
  const db = await home.openCurrent();
  await (await home.openReplacement()).close();
  writeFileSync(join(dir, 'current.tmp'), 'level-2\n');
  await db.close();
  const again = await openLevelHome(dir).openCurrent();
  t.equal(Buffer.from((await again.get(bytes('a')))!).toString(), '1');
  t.notOk(existsSync(join(dir, 'level-2')));
  t.equal(readFileSync(join(dir, 'current'), 'utf8'), 'level-1\n');
  await again.close();
});

t.test('LevelHome starts over when a crash came before the first database was named', async (t) => {
  const dir = makeDir(t);
  await makeDb(dir);
  rmSync(join(dir, 'current'));
  const db = await openLevelHome(dir).openCurrent();
  t.equal(await db.get(bytes('a')), undefined);
  await db.close();
});

function remove(dir: string, name: RegExp): void {
  for (const file of files(dir, name)) rmSync(file);
}

function overwrite(dir: string, name: RegExp): void {
  for (const file of files(dir, name)) writeFileSync(file, 'garbage '.repeat(20));
}

function files(dir: string, name: RegExp): string[] {
  const folder = join(dir, 'level-1');
  const found = readdirSync(folder).filter((file) => name.test(file));
  if (found.length === 0) throw new Error(`no file ${name} in ${folder}`);
  return found.map((file) => join(folder, file));
}
