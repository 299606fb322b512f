import { stringify } from 'yaml';

/** What an administrator needs to reach a cluster. */
export interface AdminAccess {
  readonly url: string;
  /** PEM. */
  readonly certificate: string;
  readonly token: string;
}

/** A kubeconfig with one cluster, one user and one context. */
export function adminKubeconfig({ url, certificate, token }: AdminAccess): string {
  const ca = Buffer.from(certificate).toString('base64');
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'flotilla', cluster: { server: url, 'certificate-authority-data': ca } }],
      users: [{ name: 'admin', user: { token } }],
      contexts: [{ name: 'admin@flotilla', context: { cluster: 'flotilla', user: 'admin' } }],
      'current-context': 'admin@flotilla',
    },
    { lineWidth: 0 },
  );
}
