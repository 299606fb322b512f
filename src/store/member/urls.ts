/** Why a URL is refused. */
export type UrlErrorCode = 'url-scheme' | 'url-host-port' | 'url-path' | 'no-urls';

/** A URL that a member cannot be reached at. The message quotes it and says what to write. */
export class UrlError extends Error {
  override readonly name = 'UrlError';
  readonly code: UrlErrorCode;
  constructor(code: UrlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const shape = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s;
/** A host, maybe an IPv6 address in brackets, and a port that may be empty as in etcd's own check. */
const hostPort = /^(?:\[[^\][]*\]|[^\][:]*):[^:]*$/;

/**
 * Checks the URLs of one member by etcd's rules: scheme http or https with host:port and nothing behind, or unix (unixs)
 * with an address. Returns them trimmed and sorted; throws {@link UrlError}.
 */
export function parseMemberUrls(urls: readonly string[]): string[] {
  if (urls.length === 0) {
    throw new UrlError('no-urls', 'a member needs at least one URL, such as http://10.0.0.1:2380');
  }
  return urls.map(parseMemberUrl).sort();
}

function parseMemberUrl(text: string): string {
  const url = text.trim();
  const parts = shape.exec(url);
  const scheme = parts?.[1]?.toLowerCase() ?? '';
  const authority = parts?.[2] ?? '';
  const rest = parts?.[3] ?? '';
  switch (scheme) {
    case 'http':
    case 'https':
      checkTcp(url, authority, rest);
      return `${scheme}://${authority}`;
    case 'unix':
    case 'unixs':
      return `${scheme}://${authority}${rest}`;
    default:
      throw new UrlError(
        'url-scheme',
        `the URL "${url}" must begin with http://, https://, unix:// or unixs://`,
      );
  }
}

function checkTcp(url: string, authority: string, rest: string): void {
  if (!hostPort.test(authority)) {
    throw new UrlError(
      'url-host-port',
      `the URL "${url}" must name host and port, such as http://10.0.0.1:2380 or http://[::1]:2380`,
    );
  }
  if (rest !== '') {
    throw new UrlError('url-path', `the URL "${url}" must end after the port, without "${rest}"`);
  }
}
