import { parseMemberUrls, UrlError } from './urls.js';

/** Why an initial cluster is refused. */
export type InitialClusterErrorCode = 'empty' | 'no-name' | 'bad-url' | 'duplicate-url';

/** A value of --initial-cluster that names no cluster. The message quotes what is wrong and says what to write. */
export class InitialClusterError extends Error {
  override readonly name = 'InitialClusterError';
  readonly code: InitialClusterErrorCode;
  constructor(code: InitialClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Parses --initial-cluster: `name=url,name2=url2`, a name once for each of its URLs. Returns the sorted peer URLs by
 * name, in the order in which names first appear. Empty items (a trailing comma) are passed over, as etcd does.
 */
export function parseInitialCluster(text: string): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (const item of text.split(',')) {
    if (item.trim() === '') continue;
    const { name, url } = splitItem(item);
    const urls = given.get(name);
    if (urls === undefined) given.set(name, [url]);
    else urls.push(url);
  }
  if (given.size === 0) {
    throw new InitialClusterError(
      'empty',
      `the initial cluster "${text}" names no member; write name=http://host:port`,
    );
  }
  const cluster = new Map<string, string[]>();
  for (const [name, urls] of given) cluster.set(name, parseUrls(name, urls));
  checkDistinct(cluster);
  return cluster;
}

function splitItem(item: string): { name: string; url: string } {
  const equals = item.indexOf('=');
  const name = item.slice(0, Math.max(equals, 0)).trim();
  if (name === '') {
    throw new InitialClusterError(
      'no-name',
      `"${item.trim()}" in the initial cluster has no member name; write name=http://host:port`,
    );
  }
  return { name, url: item.slice(equals + 1) };
}

function parseUrls(name: string, urls: readonly string[]): string[] {
  try {
    return parseMemberUrls(urls);
  } catch (cause) {
    if (!(cause instanceof UrlError)) throw cause;
    const message = `member "${name}" of the initial cluster: ${cause.message}`;
    throw new InitialClusterError('bad-url', message, { cause });
  }
}

function checkDistinct(cluster: ReadonlyMap<string, readonly string[]>): void {
  const ownerOfUrl = new Map<string, string>();
  for (const [name, urls] of cluster) {
    for (const url of urls) {
      const owner = ownerOfUrl.get(url);
      if (owner !== undefined) {
        throw new InitialClusterError(
          'duplicate-url',
          `the URL "${url}" stands for "${owner}" and "${name}" in the initial cluster; give each URL once`,
        );
      }
      ownerOfUrl.set(url, name);
    }
  }
}
