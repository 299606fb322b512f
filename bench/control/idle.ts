/**
 * What a cluster of `flotilla up` costs while nobody does anything: `node dist/bench/control/idle.js DIR [SECONDS]`, DIR being its
 * --data-dir. For each program: CPU time over so many seconds (60) as a part of one core, resident memory, and the part of it that is
 * no other process's as well (proportional set size, proc_pid_smaps(5)).
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ticksPerSecond = 100;
const kibibytes = 1024;

const [dir = 'flotilla-data', seconds = '60'] = process.argv.slice(2);
const programs = JSON.parse(await readFile(join(resolve(dir), 'running.json'), 'utf8')) as [
  string,
  { readonly pid: number },
][];
const before = await readAll();
const startedAt = performance.now();
await sleep(Number(seconds) * 1000);
const tookSeconds = (performance.now() - startedAt) / 1000;
const after = await readAll();

const rows = programs.map(([name], index) => {
  const ticks = (after[index]?.ticks ?? 0) - (before[index]?.ticks ?? 0);
  const percent = (100 * ticks) / ticksPerSecond / tookSeconds;
  const { residentKib = 0, ownKib = 0 } = after[index] ?? {};
  return { name, percent, residentMib: residentKib / kibibytes, ownMib: ownKib / kibibytes };
});
const sum = (field: 'percent' | 'residentMib' | 'ownMib') =>
  rows.reduce((total, row) => total + row[field], 0);
const table = [
  ['program', 'CPU %', 'resident MiB', 'proportional MiB'],
  ['---', '---:', '---:', '---:'],
  ...rows.map(textOf),
  textOf({
    name: 'all',
    ...{ percent: sum('percent'), residentMib: sum('residentMib'), ownMib: sum('ownMib') },
  }),
];
for (const cells of table) process.stdout.write(`| ${cells.join(' | ')} |\n`);

function textOf(row: (typeof rows)[number]): string[] {
  const { name, percent, residentMib, ownMib } = row;
  return [name, percent.toFixed(2), residentMib.toFixed(0), ownMib.toFixed(0)];
}

/** CPU time and memory of all programs; zeros for one that is gone. */
function readAll() {
  return Promise.all(
    programs.map(async ([, { pid }]) => {
      const [stat, rollup] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
        readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''),
      ]);
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const kib = (name: string) =>
        Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
      return {
        ticks: Number(fields[11] ?? 0) + Number(fields[12] ?? 0),
        residentKib: kib('Rss'),
        ownKib: kib('Pss'),
      };
    }),
  );
}
