import type { ClusterTrustBundle } from '../../../api/gen/certificates-v1beta1.js';
import { quote } from '../../../machinery/quote.js';
import type { AdmissionPlugin } from '../../contracts.js';
import { definePlugin, isAbout, newObject, oldObject } from '../plugin.js';
import { refusal } from '../refusal.js';
import type { AdmissionServices } from '../services.js';
import { mayActForSigner } from './certificates.js';

const group = 'certificates.k8s.io';

/** Trust bundles of a signer are written by those who may `attest` for it. */
export function clusterTrustBundleAttest(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('ClusterTrustBundleAttest', ['CREATE', 'UPDATE'], {
    async validate(request) {
      if (!isAbout(request, 'clustertrustbundles', { group })) return;
      const bundle = newObject<ClusterTrustBundle>(request);
      const old = oldObject<ClusterTrustBundle>(request);
      const signer = bundle?.spec?.signerName ?? '';
      if (signer === '') return;
      // What only the garbage collector changes is not an attestation.
      if (old !== null && JSON.stringify(old.spec) === JSON.stringify(bundle?.spec)) return;
      if (await mayActForSigner(request, 'attest', signer, services)) return;
      throw refusal(request, `user not permitted to attest for signerName ${quote(signer)}`);
    },
  });
}
