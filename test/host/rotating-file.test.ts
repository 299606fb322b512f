import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { RotatingFile, type RotationOptions } from '../../src/host/rotating-file.js';
import { until } from '../client/until.js';

const keepAll: RotationOptions = { bytesMax: 100, backupsMax: 0, daysMax: 0, isCompressed: true };

async function folderOf(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'flotilla-rotating-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** Names of files that were put aside, once there are so many and all of them are compressed. */
async function compressedIn(folder: string, count: number): Promise<readonly string[]> {
  return until('all that was put aside is compressed', async () => {
    const backups = (await readdir(folder)).filter((name) => name !== 'a.log').sort();
    const isDone = backups.length === count && backups.every((name) => name.endsWith('.log.gz'));
    return isDone ? backups : null;
  });
}

function open(t: Test, folder: string, options: Partial<RotationOptions> = {}): RotatingFile {
  const file = new RotatingFile(join(folder, 'a.log'), { ...keepAll, ...options }, (error) =>
    t.fail(String(error)),
  );
  t.teardown(() => file.close());
  return file;
}

t.test('RotatingFile compresses what it puts aside, and loses no line', async (t) => {
  const folder = await folderOf(t);
  const file = open(t, folder);
  const lines = Array.from({ length: 12 }, (_, at) => `${at} `.padEnd(60, '.'));
  for (const line of lines) {
    file.write(line);
    t.ok(file.flush());
  }
  const backups = await compressedIn(folder, 11);
  let text = '';
  for (const name of backups) {
    text += gunzipSync(await readFile(join(folder, name))).toString();
    t.equal((await stat(join(folder, name))).mode & 0o777, 0o600, 'only the owner reads it');
  }
  text += await readFile(join(folder, 'a.log'), 'utf8');
  t.equal(text, `${lines.join('\n')}\n`);
});

t.test('RotatingFile removes the oldest, compressed or not', async (t) => {
  const folder = await folderOf(t);
  const old = 'a-2001-02-03T04-05-06.789.log.gz';
  await writeFile(join(folder, old), gzipSync('old\n'));
  await writeFile(join(folder, 'a-other.log.gz'), gzipSync('not ours\n'));
  const file = open(t, folder, { backupsMax: 2 });
  for (let at = 0; at < 6; at++) {
    file.write(`${at} `.padEnd(60, '.'));
    t.ok(file.flush());
  }
  const backups = await compressedIn(folder, 3);
  t.ok(backups.includes('a-other.log.gz'));
  t.notOk(backups.includes(old));
});

t.test('RotatingFile compresses anew what an end of the process broke off', async (t) => {
  const folder = await folderOf(t);
  const backup = 'a-2026-01-02T03-04-05.678.log';
  await writeFile(join(folder, backup), 'whole\n');
  await writeFile(join(folder, `${backup}.gz`), gzipSync('whole\n').subarray(0, 12));
  open(t, folder);
  t.same(await compressedIn(folder, 1), [`${backup}.gz`]);
  t.equal(gunzipSync(await readFile(join(folder, `${backup}.gz`))).toString(), 'whole\n');
});

t.test('RotatingFile leaves what was put aside as it is when it is not to compress', async (t) => {
  const folder = await folderOf(t);
  const file = open(t, folder, { isCompressed: false });
  for (const line of ['one', 'two']) {
    file.write(line.padEnd(60, '.'));
    t.ok(file.flush());
  }
  const backups = (await readdir(folder)).filter((name) => name !== 'a.log');
  t.equal(backups.length, 1);
  t.match(backups[0], /^a-.*\.log$/);
});
