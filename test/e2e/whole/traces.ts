import { readdir, readFile } from 'node:fs/promises';
import { runCommand } from '../../../src/host/command.js';

/** What of a cluster a machine still has besides its folder: processes, mounts, namespaces, devices, rules, groups. Empty: nothing. */
export async function tracesOf(dir: string): Promise<readonly string[]> {
  const prefix = await prefixOf(dir);
  const containing = (lines: string, word: string) =>
    lines.split('\n').filter((line) => line.includes(word));
  const ask = async (command: string, ...args: string[]) =>
    (await runCommand({ command, args })).stdout;
  return [
    ...(await processesWith(dir)),
    ...containing(await readFile('/proc/mounts', 'utf8'), dir),
    ...containing(await readFile('/proc/mounts', 'utf8'), `/run/flotilla/${prefix}`),
    ...containing(await ask('ip', 'netns', 'list'), `${prefix}-`),
    ...containing(await ask('ip', '-br', 'link'), prefix),
    ...containing(await ask('nft', 'list', 'tables'), prefix),
    ...(await groupsOf(prefix)),
  ];
}

/** What the names of a cluster's devices, namespaces and groups begin with. */
export async function prefixOf(dir: string): Promise<string> {
  const plan = JSON.parse(await readFile(`${dir}/up.json`, 'utf8')) as {
    readonly network: { readonly prefix: string };
  };
  return plan.network.prefix;
}

async function processesWith(word: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // It ended.
    if (line.includes(word)) found.push(`${pid} ${line.replaceAll('\0', ' ')}`);
  }
  return found;
}

async function groupsOf(prefix: string): Promise<string[]> {
  const base = '/sys/fs/cgroup';
  const places = ['', ...(await readdir(base).catch(() => []))];
  const found = await Promise.all(
    places.map(async (place) => {
      const path = `${base}/${place}/flotilla`;
      const names = await readdir(path).catch(() => []);
      return names.filter((name) => name === prefix).map((name) => `${path}/${name}`);
    }),
  );
  return found.flat();
}
