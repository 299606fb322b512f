import { type Kubelets, kubelets } from '../../control/apiserver/connect/kubelets.js';
import type { ObjectReader } from '../../control/apiserver/contracts.js';
import { readTextFile } from '../../host/text-file.js';
import type { WebClientTls } from '../../rpc/web-client.js';
import { UsageError } from '../usage-error.js';
import type { ParsedFlags } from './parse.js';

/** How kubelets are found and spoken to, as the flags say. Without an authority their certificates may be any. Throws UsageError. */
export async function openKubelets(flags: ParsedFlags, objects: ObjectReader): Promise<Kubelets> {
  const certFile = flags.text('kubelet-client-certificate');
  const keyFile = flags.text('kubelet-client-key');
  const caFile = flags.text('kubelet-certificate-authority');
  if ((certFile === '') !== (keyFile === ''))
    throw new UsageError(
      '--kubelet-client-certificate and --kubelet-client-key go together: give both or none',
    );
  const tls: WebClientTls = {
    ...(caFile === '' ? { isUnverified: true } : { ca: await readTextFile(caFile) }),
    ...(certFile === ''
      ? {}
      : { cert: await readTextFile(certFile), key: await readTextFile(keyFile) }),
  };
  const addressTypes = flags.list('kubelet-preferred-address-types');
  return kubelets(objects, { addressTypes, tls });
}
