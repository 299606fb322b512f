import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../client/until.js';
import { Cluster } from './cluster.js';
import { errorOf, patiently, RawClient } from './raw-client.js';

/** Room for the first log segments, and for a few dozen megabytes of writes in all. */
const smallMiB = 56;
const amplerMiB = 512;
const writesMax = 200;
const valueBytes = 1_000_000;

t.test(
  'flotilla store: a member whose disk is full says so and stops, and recovers once there is room',
  { skip: mountRefusal() },
  async (t) => {
    const cluster = await Cluster.plan({ kind: 'flotilla' });
    const small = cluster.member(2);
    const unmount = mountTmpfs(small.spec.dataDir, smallMiB);
    t.teardown(async () => {
      if (!t.passing()) t.comment(cluster.report());
      await cluster.killAll();
      unmount();
      await cluster.stop();
    });
    await cluster.startAll();
    const clients = cluster.endpoints.map((endpoint) => new RawClient(endpoint));
    t.teardown(() => {
      for (const client of clients) client.close();
    });

    const acknowledged: string[] = [];
    for (let n = 0; n < writesMax && small.isRunning; n++) {
      const key = `full/${String(n).padStart(4, '0')}`;
      const isWritten = await clients[n % 2]!.put(key, `${n}`.padEnd(valueBytes, '.')).then(
        () => true,
        // When the full member led, a write may have met its end.
        (error: unknown) => errorOf(error).code !== 14 && Promise.reject(error),
      );
      if (isWritten) acknowledged.push(key);
    }
    t.ok(
      acknowledged.length > 10,
      `${acknowledged.length} writes of 1 MB before the disk was full`,
    );
    t.same(await small.exit, { code: 1, signal: null }, 'the member stopped by itself');
    t.match(small.log.slice(-5).join('\n'), /no space|ENOSPC/i, 'and said why');

    await until('the others go on', () =>
      clients[0]!.put('after', 'full').then(
        () => true,
        () => false,
      ),
    );
    t.same((await patiently(() => clients[1]!.range('after'))).kvs.length, 1);
    await patiently(() => clients[0]!.put('later', 'x'));

    // What the failed write leaves behind may be room enough for a start: that is taken away too.
    fillUp(small.spec.dataDir);
    small.start();
    const end = await small.ready().then(
      () => null,
      () => small.exit,
    );
    t.equal(end?.code, 1, 'without room it does not start');
    execFileSync('mount', ['-o', `remount,size=${amplerMiB}m`, small.spec.dataDir]);
    small.start();
    await small.ready();
    await until('the member has caught up', async () => {
      const [own, other] = await Promise.all([clients[2]!.status(), clients[0]!.status()]);
      return own.header?.revision === other.header?.revision;
    });
    const { header, kvs } = await patiently(() => clients[2]!.range('full/'));
    const keys = new Set(kvs.map((kv) => Buffer.from(kv.key).toString()));
    t.same(
      acknowledged.filter((key) => !keys.has(key)),
      [],
      'nothing acknowledged is lost',
    );
    const hashes = await Promise.all(clients.map((client) => client.hashKv(header?.revision ?? 0)));
    t.equal(new Set(hashes.map(({ hash }) => hash)).size, 1, 'all members hold the same');
  },
);

/** Why this machine does not let us mount a small disk; false when it does. */
function mountRefusal(): string | false {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-mount-'));
  try {
    mountTmpfs(dir, 1)();
    return false;
  } catch {
    return 'mounting a tmpfs is not permitted here';
  } finally {
    rmdirSync(dir);
  }
}

/** Writes a file until its disk has no room left. */
function fillUp(dir: string): void {
  const file = openSync(join(dir, 'filler'), 'w');
  try {
    for (const block of [Buffer.alloc(64 * 1024), Buffer.alloc(512)])
      while (hasWritten(file, block));
  } finally {
    closeSync(file);
  }
}

function hasWritten(file: number, block: Buffer): boolean {
  try {
    return writeSync(file, block) > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

/** Mounts a disk of so many MiB; returns what unmounts it. */
function mountTmpfs(dir: string, mib: number): () => void {
  mkdirSync(dir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', dir], { stdio: 'pipe' });
  return () => execFileSync('umount', [dir], { stdio: 'pipe' });
}
