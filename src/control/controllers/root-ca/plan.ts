import type { ConfigMap, Namespace } from '../../api/gen/core-v1.js';

/** Where programs in pods find the authority of the API server's certificate. */
export const rootCaName = 'kube-root-ca.crt';

/** What to write so that a namespace has the certificate; null when it has it, or is going. */
export function plannedConfigMap(
  namespace: Namespace | undefined,
  existing: ConfigMap | undefined,
  certificate: string,
): { readonly action: 'create' | 'update'; readonly configMap: ConfigMap } | null {
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return null;
  const data = { 'ca.crt': certificate };
  if (existing === undefined) {
    const metadata = { name: rootCaName, namespace: namespace.metadata.name ?? '' };
    return { action: 'create', configMap: { metadata, data } };
  }
  const isRight =
    existing.data?.['ca.crt'] === certificate && Object.keys(existing.data).length === 1;
  return isRight ? null : { action: 'update', configMap: { ...existing, data } };
}
