import { readTextFile } from '../../host/text-file.js';
import { KubeconfigError } from './kubeconfig.js';
import type { ServerAccess } from './rest-transport.js';

/** Where a pod finds what its service account may use. */
const accountDirDefault = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The API server as a pod reaches it: at the address that its environment names (`KUBERNETES_SERVICE_HOST` and `_PORT`, given by the
 * caller), with the token of its service account, which is read again for every request since it is renewed. Rejects with
 * {@link KubeconfigError} outside of a pod.
 */
export async function readInClusterAccess(options: {
  readonly host: string | undefined;
  readonly port: string | undefined;
  /** Default: where pods have it mounted. */
  readonly accountDir?: string;
}): Promise<ServerAccess> {
  const { host = '', port = '', accountDir = accountDirDefault } = options;
  if (host === '' || port === '') {
    throw new KubeconfigError(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  }
  const tokenFile = `${accountDir}/token`;
  const [ca] = await Promise.all([
    readAccountFile(`${accountDir}/ca.crt`),
    readAccountFile(tokenFile),
  ]);
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: { ca },
    authorization: async () => `Bearer ${(await readTextFile(tokenFile)).trim()}`,
  };
}

async function readAccountFile(path: string): Promise<string> {
  try {
    return await readTextFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`cannot read ${path} of the service account: ${why}`, {
      cause: error,
    });
  }
}
