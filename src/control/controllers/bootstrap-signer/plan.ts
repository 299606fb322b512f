import { createHmac } from 'node:crypto';
import type { ConfigMap } from '../../api/gen/core-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { BootstrapToken } from '../bootstrap-tokens/bootstrap-token.js';

/** What a machine that has nothing but a token reads first: how to reach the cluster. */
export const clusterInfo = { namespace: 'kube-public', name: 'cluster-info' } as const;

const kubeconfigKey = 'kubeconfig';
const signaturePrefix = 'jws-kubeconfig-';

/** The ConfigMap with a signature by each token that signs and has not ended; null when it has them. */
export function withSignatures(
  info: ConfigMap,
  tokens: readonly BootstrapToken[],
  nowMs: number,
): ConfigMap | null {
  const content = info.data?.[kubeconfigKey];
  const data = Object.fromEntries(
    Object.entries(info.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix)),
  );
  for (const token of tokens) {
    const isOver = token.expiresMs !== null && token.expiresMs <= nowMs;
    if (content === undefined || !token.isForSigning || isOver) continue;
    data[`${signaturePrefix}${token.id}`] = detachedSignature(content, token);
  }
  return deepEqual(data, info.data ?? {}) ? null : { ...info, data };
}

/** A JSON Web Signature without what it signs (RFC 7515 appendix F), by HMAC with SHA-256. */
export function detachedSignature(
  content: string,
  { id, secret }: Pick<BootstrapToken, 'id' | 'secret'>,
): string {
  const header = base64url(JSON.stringify({ alg: 'HS256', kid: id }));
  const signed = `${header}.${base64url(content)}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  return `${header}..${signature}`;
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
