import { stringify } from 'yaml';

/** What somebody needs to reach a cluster. Certificates are PEM. */
export interface KubeconfigAccess {
  readonly url: string;
  readonly certificateAuthority: string;
  /** Of the cluster, and of the context. */
  readonly name: string;
  /** What the credentials are called in the file. */
  readonly user: string;
  /** How the server knows the user: by a certificate or by a token. */
  readonly credentials:
    | { readonly cert: string; readonly key: string }
    | { readonly token: string };
}

/** A kubeconfig with one cluster, one user and one context, all within one file. */
export function kubeconfigText({
  url,
  certificateAuthority,
  name,
  user,
  credentials,
}: KubeconfigAccess): string {
  const cluster = { server: url, 'certificate-authority-data': base64(certificateAuthority) };
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster }],
      users: [{ name: user, user: credentialFields(credentials) }],
      contexts: [{ name, context: { cluster: name, user } }],
      'current-context': name,
    },
    { lineWidth: 0 },
  );
}

function credentialFields(credentials: KubeconfigAccess['credentials']) {
  if ('token' in credentials) return credentials;
  const { cert, key } = credentials;
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
