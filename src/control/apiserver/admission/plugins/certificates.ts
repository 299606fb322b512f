import type { CertificateSigningRequest } from '../../../api/gen/certificates-v1.js';
import { wellKnown } from '../../authentication/user-info.js';
import { DerError } from '../../certificates/der-error.js';
import { parseSigningRequest } from '../../certificates/signing-request.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin, isAbout, newObject, oldObject } from '../plugin.js';
import { refusal } from '../refusal.js';
import type { AdmissionServices } from '../services.js';

const group = 'certificates.k8s.io';
const resource = 'certificatesigningrequests';

/** Approving a certificate takes the right to `approve` for its signer. */
export function certificateApproval(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('CertificateApproval', ['UPDATE'], {
    async validate(request) {
      if (!isAbout(request, resource, { group, subresource: 'approval' })) return;
      const signer = oldObject<CertificateSigningRequest>(request)?.spec?.signerName ?? '';
      if (await mayActForSigner(request, 'approve', signer, services)) return;
      throw refusal(
        request,
        `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`,
      );
    },
  });
}

/** Issuing one takes the right to `sign`. */
export function certificateSigning(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('CertificateSigning', ['UPDATE'], {
    async validate(request) {
      if (!isAbout(request, resource, { group, subresource: 'status' })) return;
      const old = oldObject<CertificateSigningRequest>(request);
      const changed = newObject<CertificateSigningRequest>(request);
      const isIssued = (old?.status?.certificate ?? '') !== (changed?.status?.certificate ?? '');
      const failures = (of: CertificateSigningRequest | null) =>
        JSON.stringify((of?.status?.conditions ?? []).filter(({ type }) => type === 'Failed'));
      if (!isIssued && failures(old) === failures(changed)) return;
      const signer = old?.spec?.signerName ?? '';
      if (await mayActForSigner(request, 'sign', signer, services)) return;
      throw refusal(
        request,
        `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`,
      );
    },
  });
}

/** Nobody becomes an administrator of the whole cluster by a certificate from its client signer. */
export const certificateSubjectRestriction = definePlugin(
  'CertificateSubjectRestriction',
  ['CREATE'],
  {
    validate(request) {
      if (!isAbout(request, resource, { group })) return;
      const csr = newObject<CertificateSigningRequest>(request);
      if (csr?.spec?.signerName !== 'kubernetes.io/kube-apiserver-client') return;
      let organizations: readonly string[];
      try {
        organizations = parseSigningRequest(csr.spec.request ?? '').subject.organizations;
      } catch (error) {
        if (!(error instanceof DerError)) throw error;
        throw refusal(request, `failed to parse CSR: ${error.message}`);
      }
      if (organizations.includes(wellKnown.mastersGroup)) {
        throw refusal(
          request,
          `use of kubernetes.io/kube-apiserver-client signer with ${wellKnown.mastersGroup} group is not allowed`,
        );
      }
    },
  },
);

/** Whether the user may act for a signer: by the signer's name, or by all of its domain as `example.com/*`. */
export async function mayActForSigner(
  { context }: AdmissionRequest,
  verb: 'approve' | 'sign' | 'attest',
  signer: string,
  { authorizer }: AdmissionServices,
): Promise<boolean> {
  const domain = signer.split('/')[0] ?? '';
  for (const name of [signer, `${domain}/*`]) {
    const { decision } = await authorizer.authorize({
      user: context.user,
      verb,
      isResourceRequest: true,
      path: '',
      group,
      version: '*',
      namespace: '',
      resource: 'signers',
      subresource: '',
      name,
    });
    if (decision === 'allow') return true;
  }
  return false;
}
