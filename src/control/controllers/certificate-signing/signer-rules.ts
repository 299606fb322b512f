import type { RequestedCertificate } from '../../../host/certificate-signer.js';

/** Signers that this controller stands for. */
export const signerNames = {
  kubeletServing: 'kubernetes.io/kubelet-serving',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  apiClient: 'kubernetes.io/kube-apiserver-client',
  legacyUnknown: 'kubernetes.io/legacy-unknown',
} as const;

const nodesGroup = 'system:nodes';
const nodePrefix = 'system:node:';
const clientUsages = ['client auth', 'digital signature', 'key encipherment'];
const servingUsages = ['digital signature', 'key encipherment', 'server auth'];

/** Why a signer does not sign a request, as Kubernetes' signers word it; null when it does. */
export function signerProblem(
  signerName: string,
  requested: RequestedCertificate,
  usages: readonly string[],
): string | null {
  switch (signerName) {
    case signerNames.kubeletServing:
      return kubeletServingProblem(requested, usages);
    case signerNames.kubeletClient:
      return kubeletClientProblem(requested, usages);
    case signerNames.apiClient:
      return apiClientProblem(usages);
    default:
      return null;
  }
}

/** Why a request is none for the certificate that a kubelet shows the API server; null when it is. */
export function kubeletClientProblem(
  requested: RequestedCertificate,
  usages: readonly string[],
): string | null {
  return (
    nodeNameProblem(requested) ??
    (requested.dnsNames.length > 0 ? 'DNS subjectAltNames are not allowed' : null) ??
    (requested.emailAddresses.length > 0 ? 'Email subjectAltNames are not allowed' : null) ??
    (requested.ipAddresses.length > 0 ? 'IP subjectAltNames are not allowed' : null) ??
    (requested.uris.length > 0 ? 'URI subjectAltNames are not allowed' : null) ??
    usagesProblem(usages, clientUsages)
  );
}

function kubeletServingProblem(
  requested: RequestedCertificate,
  usages: readonly string[],
): string | null {
  const names = requested.dnsNames.length + requested.ipAddresses.length;
  return (
    nodeNameProblem(requested) ??
    (names === 0 ? 'DNS or IP subjectAltName is required' : null) ??
    (requested.emailAddresses.length > 0 ? 'Email subjectAltNames are not allowed' : null) ??
    (requested.uris.length > 0 ? 'URI subjectAltNames are not allowed' : null) ??
    usagesProblem(usages, servingUsages)
  );
}

function nodeNameProblem({ commonName, organizations }: RequestedCertificate): string | null {
  const [group, ...others] = organizations;
  if (group !== nodesGroup || others.length > 0) {
    return 'subject organization is not system:nodes';
  }
  const isNode = commonName.startsWith(nodePrefix);
  return isNode ? null : 'subject common name does not begin with system:node:';
}

/** Keys that cannot encipher do without that usage. */
function usagesProblem(usages: readonly string[], wanted: readonly string[]): string | null {
  const given = new Set(usages);
  const missing = wanted.filter((usage) => !given.has(usage) && usage !== 'key encipherment');
  const isRight = missing.length === 0 && usages.every((usage) => wanted.includes(usage));
  return isRight ? null : `usages did not match [${wanted.join(' ')}]`;
}

function apiClientProblem(usages: readonly string[]): string | null {
  const wrong = usages.find((usage) => !clientUsages.includes(usage));
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  const isClient = usages.includes('client auth');
  return isClient ? null : 'missing required usage for client certificate: client auth';
}
