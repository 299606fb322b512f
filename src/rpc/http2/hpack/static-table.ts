import { HeaderField } from './field.js';

/** RFC 7541 appendix A, by index from 1: a name, or a name and a value. */
const rows: readonly string[] = [
  ':authority',
  ':method GET',
  ':method POST',
  ':path /',
  ':path /index.html',
  ':scheme http',
  ':scheme https',
  ':status 200',
  ':status 204',
  ':status 206',
  ':status 304',
  ':status 400',
  ':status 404',
  ':status 500',
  'accept-charset',
  'accept-encoding gzip, deflate',
  'accept-language',
  'accept-ranges',
  'accept',
  'access-control-allow-origin',
  'age',
  'allow',
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'referer',
  'refresh',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
];

/** The static table; its first entry has index 1, so the field of index i is at i - 1. */
export const staticTable: readonly HeaderField[] = rows.map((row) => {
  const space = row.indexOf(' ');
  return space < 0
    ? new HeaderField(row, '')
    : new HeaderField(row.slice(0, space), row.slice(space + 1));
});

/** The first index of the dynamic table (RFC 7541 section 2.3.3). */
export const dynamicIndexMin = staticTable.length + 1;

/** By name: its lowest index, and the index of each value. */
const indexesByName = new Map<string, { first: number; byValue: Map<string, number> }>();
staticTable.forEach(({ name, value }, i) => {
  const indexes = indexesByName.get(name) ?? { first: i + 1, byValue: new Map() };
  indexesByName.set(name, indexes);
  indexes.byValue.set(value, i + 1);
});

/** The lowest static index with this name, or 0. */
export function staticIndexOfName(name: string): number {
  return indexesByName.get(name)?.first ?? 0;
}

/** The static index of the whole field, or 0. */
export function staticIndexOfField(name: string, value: string): number {
  return indexesByName.get(name)?.byValue.get(value) ?? 0;
}
