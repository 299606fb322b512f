import { kubeconfigText } from './kubeconfig.js';

/** What an administrator with a token needs to reach a cluster. */
export interface AdminAccess {
  readonly url: string;
  /** PEM. */
  readonly certificate: string;
  readonly token: string;
}

/** A kubeconfig with one cluster, one user and one context. */
export function adminKubeconfig({ url, certificate, token }: AdminAccess): string {
  return kubeconfigText({
    url,
    certificateAuthority: certificate,
    ...{ name: 'flotilla', user: 'admin', credentials: { token } },
  });
}
