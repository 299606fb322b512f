/** `flotilla up` on a disk that a pod fills: everything of the cluster is on it, the store too, and is back when the node has made room. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../../client/until.js';
import { isOnPath, skipBecause } from '../project.js';
import { deadlineMs, kubectl, WholeCluster } from './whole-cluster.js';

/** Room for a cluster that has just begun, and some hundred megabytes more. */
const diskMiB = 400;
/** Of these, what `up` has its nodes look for: 2 %. */
const shortBytes = 0.02 * diskMiB * 2 ** 20;
const missing = ['ip', 'nft', 'unshare', 'nsenter', 'busybox'].filter((name) => !isOnPath(name));
const why =
  (process.geteuid?.() !== 0 && 'this process is not root') ||
  (missing.length > 0 && `not on this machine: ${missing.join(', ')}`) ||
  (kubectl === null && 'no kubectl');
const disk = why === false ? mountTmpfs() : null;

t.test(
  'up on a full disk: who fills it is evicted, and the cluster is back with all that it had',
  skipBecause(why || (disk === null && 'mounting a tmpfs is not permitted here')),
  async (t) => {
    const under = disk ?? '';
    t.teardown(() => {
      execFileSync('umount', [under]);
      rmdirSync(under);
    });
    await t.test('the cluster on it', async (t) => {
      const cluster = await WholeCluster.forTest(t, { args: ['--nodes', '1'], under });
      const run = (name: string, script: string) =>
        cluster.kubectl(
          ...['run', name, '--image=flotilla.local/base:1', '--restart=Never'],
          ...['--', 'sh', '-c', script],
        );
      await run('quiet', 'sleep 100000');
      await cluster.kubectl('wait', '--for=condition=Ready', 'pod/quiet', '--timeout=240s');
      const containerOfQuiet = () =>
        cluster.kubectl('get', 'pod', 'quiet', '-o', 'jsonpath={.status.containerStatuses}');
      const before = await containerOfQuiet();
      await cluster.kubectl('create', 'configmap', 'before', '--from-literal=a=b');

      await run('hog', 'cat /dev/zero >/big; sleep 100000');
      // At once nothing is left for anybody, unless the node is quicker.
      await until('the disk is short', () => freeBytes(under) < shortBytes, deadlineMs);
      await until('there is room again', () => freeBytes(under) > 2 ** 27, deadlineMs);
      const reason = ['get', 'pod', 'hog', '-o', 'jsonpath={.status.phase} {.status.reason}'];
      await cluster.untilShown(/^Failed Evicted$/, ...reason);
      const conditions = ['get', 'node', 'node-1', '-o'];
      const pressure = 'jsonpath={.status.conditions[?(@.type=="DiskPressure")].status}';
      await cluster.untilShown(/^True$/, ...conditions, pressure);
      const code = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
      t.not(await cluster.kubectl('get', 'pod', 'hog', '-o', code), '0', 'it did not succeed');

      const kept = ['get', 'configmap', 'before', '-o', 'jsonpath={.data.a}'];
      t.equal(await cluster.kubectl(...kept), 'b', 'what was written is there');
      await cluster.untilShown(/created/, 'create', 'configmap', 'after', '--from-literal=a=b');
      t.equal(await containerOfQuiet(), before, 'who did nothing runs on');
      t.equal(await cluster.stop(), 0);
    });
  },
);

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** A small disk; null where mounting is not permitted. */
function mountTmpfs(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'flotilla-disk-'));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${diskMiB}m`, 'tmpfs', dir];
    execFileSync('mount', options, { stdio: 'pipe' });
    return dir;
  } catch {
    rmdirSync(dir);
    return null;
  }
}
