import { readdir, readFile, rm } from 'node:fs/promises';
import { runCommand } from '../../../src/host/command.js';
import { until } from '../../client/until.js';
import { prefixOf } from './traces.js';
import { deadlineMs, type WholeCluster } from './whole-cluster.js';

/**
 * Takes away what a cluster has of a machine besides its disk, as a loss of power does: its programs and containers, and what only the
 * kernel remembers of it.
 */
export async function loseMachine(cluster: WholeCluster): Promise<void> {
  const prefix = await prefixOf(cluster.dir);
  const state = `/run/flotilla/${prefix}`;
  await cluster.killAll();
  const marks = [cluster.dir, state, `/flotilla/${prefix}/`];
  await until('the end of all processes', () => killAllOf(marks), deadlineMs);
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  for (const line of mounts.reverse()) {
    const [, path = ''] = line.split(' ');
    if (path.startsWith(`${cluster.dir}/`) || path.startsWith(`${state}/`))
      await command('umount', '-l', path);
  }
  for (const port of await names('ip', '-br', 'link', 'show', 'master', `${prefix}br`))
    await command('ip', 'link', 'del', port.replace(/@.*/, ''));
  await command('ip', 'link', 'del', `${prefix}br`);
  for (const name of await names('ip', 'netns', 'list'))
    if (name.startsWith(`${prefix}-`)) await command('ip', 'netns', 'del', name);
  await command('nft', 'delete', 'table', 'inet', `flotilla-nodes-${prefix}`);
  await rm(state, { recursive: true, force: true });
  await removeGroups(prefix);
}

/** Kills all processes of a cluster, and resolves with whether there were none. */
async function killAllOf(marks: readonly string[]): Promise<boolean> {
  let found = 0;
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
    // Programs are told by their arguments, what runs in containers by its group.
    const told = `${await read('cmdline')} ${await read('cgroup')}`;
    if (!marks.some((mark) => told.includes(mark))) continue;
    const state = /^\d+ \(.*\) (\S)/s.exec(await read('stat'))?.[1] ?? 'Z';
    if (state === 'Z') continue; // It has ended, and its parent has not yet asked how.
    found++;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  return found === 0;
}

async function removeGroups(prefix: string): Promise<void> {
  const base = '/sys/fs/cgroup';
  for (const place of ['', ...(await readdir(base))]) {
    const top = `${base}/${place}/flotilla/${prefix}`;
    await command('find', top, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';');
  }
}

/** The first words of what a command says. */
async function names(program: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await runCommand({ command: program, args });
  return stdout.split('\n').flatMap((line) => line.split(/\s+/)[0] || []);
}

/** What is not there need not be taken away: {@link tracesOf} tells what is left. */
async function command(program: string, ...args: readonly string[]): Promise<void> {
  await runCommand({ command: program, args });
}
