import type { ServerClient } from '../server-client.js';

/** Requests of a kind that the API server has answered, and the seconds that they took. */
export interface RequestCount {
  /** `PATCH pods/status`. */
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
}

const line =
  /^apiserver_request_duration_seconds_(count|sum)\{(?<labels>[^}]*)\} (?<value>[0-9.e+-]+)$/gm;

/** What the metrics of the API server say that it has answered so far. */
export async function requestCounts(client: ServerClient): Promise<RequestCount[]> {
  const { body } = await client.ask('GET', '/metrics');
  const counts = new Map<string, { count: number; seconds: number }>();
  for (const { 1: what, groups } of body.toString().matchAll(line)) {
    const name = nameOf(groups?.labels ?? '');
    const found = counts.get(name) ?? { count: 0, seconds: 0 };
    const value = Number(groups?.value);
    if (what === 'count') found.count += value;
    else found.seconds += value;
    counts.set(name, found);
  }
  return [...counts].map(([name, found]) => ({ name, ...found }));
}

/** What came between the two, the most frequent first. */
export function requestsSince(
  before: readonly RequestCount[],
  after: readonly RequestCount[],
): RequestCount[] {
  const earlier = new Map(before.map((each) => [each.name, each]));
  return after
    .map(({ name, count, seconds }) => ({
      name,
      count: count - (earlier.get(name)?.count ?? 0),
      seconds: seconds - (earlier.get(name)?.seconds ?? 0),
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

function nameOf(labels: string): string {
  const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
  const subresource = value('subresource');
  return `${value('verb')} ${value('resource')}${subresource === '' ? '' : `/${subresource}`}`;
}
