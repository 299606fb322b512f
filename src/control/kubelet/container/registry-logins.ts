import type { Pod, Secret } from '../../api/gen/core-v1.js';
import type { ImageAuth } from '../runtime/container-runtime.js';
import type { ReferencedObjects } from '../volumes/referenced-objects.js';

/** A login at a registry, as secrets of type `kubernetes.io/dockerconfigjson` carry it. */
export interface RegistryLogin {
  /** Host, port and path, as `registry.example.com/team`; parts of the host may be `*`. */
  readonly place: string;
  readonly auth: ImageAuth;
}

const dockerHub = 'docker.io';

/** The logins in a secret; what cannot be read is left out. */
export function loginsIn({ type, data = {} }: Secret): readonly RegistryLogin[] {
  const isNew = type === 'kubernetes.io/dockerconfigjson';
  const encoded = isNew ? data['.dockerconfigjson'] : data['.dockercfg'];
  if (encoded === undefined) return [];
  try {
    const document = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as unknown;
    const auths = isNew ? (document as { auths?: unknown }).auths : document;
    return Object.entries((auths ?? {}) as Record<string, LoginEntry>).map(([place, entry]) => ({
      place: place.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, ''),
      auth: authOf(entry),
    }));
  } catch {
    return [];
  }
}

interface LoginEntry {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly registrytoken?: string;
}

function authOf({ username = '', password = '', auth = '', registrytoken = '' }: LoginEntry) {
  const decoded = Buffer.from(auth, 'base64').toString('utf8');
  const at = decoded.indexOf(':');
  return {
    username: username === '' && at > 0 ? decoded.slice(0, at) : username,
    password: password === '' && at > 0 ? decoded.slice(at + 1) : password,
    registryToken: registrytoken,
  };
}

/** The logins that may be used for an image, those of longer paths first. Pure. */
export function authsFor(image: string, logins: readonly RegistryLogin[]): readonly ImageAuth[] {
  const [first = '', ...rest] = image.split('/');
  const hasHost = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const place = hasHost ? image : `${dockerHub}/${image}`;
  return logins
    .filter((login) => isWithin(place, login.place))
    .sort((a, b) => b.place.length - a.place.length)
    .map(({ auth }) => auth);
}

function isWithin(place: string, pattern: string): boolean {
  const [host = '', ...path] = place.split('/');
  const [hostPattern = '', ...pathPattern] = pattern
    .replace(/^(index\.|registry-1\.)docker\.io/, dockerHub)
    .split('/');
  const parts = host.split('.');
  const wanted = hostPattern.split('.');
  if (parts.length !== wanted.length) return false;
  const isHost = wanted.every((part, at) => part === '*' || part === parts[at]);
  return isHost && path.join('/').startsWith(pathPattern.join('/'));
}

/** The logins of the secrets that a pod names. */
export async function loginsOf(
  { metadata, spec }: Pod,
  objects: Pick<ReferencedObjects, 'secret'>,
): Promise<readonly RegistryLogin[]> {
  const logins: RegistryLogin[] = [];
  for (const { name = '' } of spec?.imagePullSecrets ?? []) {
    // One that is not there is no reason not to try without it.
    const secret = await objects.secret(metadata.namespace ?? '', name, 10_000).catch(() => null);
    if (secret !== null) logins.push(...loginsIn(secret));
  }
  return logins;
}
