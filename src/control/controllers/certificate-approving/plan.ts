import type { RequestedCertificate } from '../../../host/certificate-signer.js';
import type { CertificateSigningRequest } from '../../api/gen/certificates-v1.js';
import { kubeletClientProblem, signerNames } from '../certificate-signing/signer-rules.js';

/** Why a request may be approved without anybody looking: who asks may create this subresource. */
export interface Approval {
  readonly subresource: 'nodeclient' | 'selfnodeclient';
  /** What the condition says then. */
  readonly message: string;
}

const nodeClient: Approval = {
  subresource: 'nodeclient',
  message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
};
const selfNodeClient: Approval = {
  subresource: 'selfnodeclient',
  message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
};

/** The ways in which a request may be approved, in the order in which they are tried. */
export function approvalsFor(
  { spec }: CertificateSigningRequest,
  requested: RequestedCertificate,
): readonly Approval[] {
  if (spec?.signerName !== signerNames.kubeletClient) return [];
  if (kubeletClientProblem(requested, spec.usages ?? []) !== null) return [];
  const isSelf = spec.username === requested.commonName;
  return isSelf ? [selfNodeClient, nodeClient] : [nodeClient];
}
