/** An image's name in parts, with what is left out filled in. */
export interface ImageName {
  readonly registry: string;
  readonly repository: string;
  /** '' with a digest. */
  readonly tag: string;
  /** '' without one. */
  readonly digest: string;
}

const defaultRegistry = 'docker.io';

/**
 * Reads an image's name as container engines do: the first part is a registry when it looks like a host, a name without one is
 * of docker.io (and of `library` when it has one part), and the tag is `latest`. Null when it is none.
 */
export function parseImageName(text: string): ImageName | null {
  const match =
    /^(?<path>[a-zA-Z0-9][\w.\-/]*(?::\d+\/[\w.\-/]+)?)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/.exec(
      text,
    );
  if (match === null) return null;
  const { path = '', tag, digest } = match.groups ?? {};
  const slash = path.indexOf('/');
  const first = path.slice(0, Math.max(0, slash));
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const registry = hasRegistry ? first : defaultRegistry;
  const rest = hasRegistry ? path.slice(slash + 1) : path;
  if (
    !/^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/.test(
      rest,
    )
  ) {
    return null;
  }
  const isOfficial = registry === defaultRegistry && !rest.includes('/');
  return {
    registry,
    repository: isOfficial ? `library/${rest}` : rest,
    tag: tag ?? (digest === undefined ? 'latest' : ''),
    digest: digest ?? '',
  };
}

/** The whole name; equal names of one image are equal texts. */
export function formatImageName({ registry, repository, tag, digest }: ImageName): string {
  return `${registry}/${repository}${digest === '' ? `:${tag}` : `@${digest}`}`;
}
