/** Where the images of a registry are asked for, in order. */
export interface RegistryMirrors {
  /** By the registry's name, as images have it: URLs of what is asked before it. */
  readonly [registry: string]: readonly string[];
}

/** Docker's own registry has another name than its images. */
const apiHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** The URLs, without a slash at the end, that an image's registry is reached by: its mirrors, then itself. */
export function registryEndpoints(registry: string, mirrors: RegistryMirrors): readonly string[] {
  const own = `${isLoopback(registry) ? 'http' : 'https'}://${apiHosts[registry] ?? registry}`;
  const before = (mirrors[registry] ?? []).map((url) => url.replace(/\/+$/, ''));
  return [...before.filter((url) => url !== own), own];
}

/** What is on this machine is spoken to without TLS, as container engines do. */
export function isLoopback(authority: string): boolean {
  const host = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
