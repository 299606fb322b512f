const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** A time span as kubectl prints ages: the coarser, the longer it is. */
export function formatAge(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 2 * minute) return `${Math.floor(span / second)}s`;
  if (span < 10 * minute) return two(span, [minute, 'm'], [second, 's']);
  if (span < 3 * hour) return `${Math.floor(span / minute)}m`;
  if (span < 8 * hour) return two(span, [hour, 'h'], [minute, 'm']);
  if (span < 2 * day) return `${Math.floor(span / hour)}h`;
  if (span < 8 * day) return two(span, [day, 'd'], [hour, 'h']);
  if (span < 2 * year) return `${Math.floor(span / day)}d`;
  if (span < 8 * year) return two(span, [year, 'y'], [day, 'd']);
  return `${Math.floor(span / year)}y`;
}

const unitMs: Readonly<Record<string, number>> = { s: second, m: minute, h: hour, d: day, y: year };

/** The time span of an age as it is printed; null for what is none, as `<unknown>`. */
export function parseAge(text: string): number | null {
  if (!/^(\d+[smhdy])+$/.test(text)) return null;
  let sum = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)([smhdy])/g)) {
    sum += Number(count) * (unitMs[unit] ?? 0);
  }
  return sum;
}

type Unit = readonly [ms: number, suffix: string];

function two(span: number, [big, bigSuffix]: Unit, [small, smallSuffix]: Unit): string {
  const rest = Math.floor((span % big) / small);
  return `${Math.floor(span / big)}${bigSuffix}${rest === 0 ? '' : `${rest}${smallSuffix}`}`;
}

/** Bytes in binary units, as `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; at++) value /= 1024;
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}
