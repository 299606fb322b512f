import type { Authority } from '../../../host/certificate-signer.js';
import type { ControllerDefinition, ControllerFlag, FlagValues } from '../controller.js';
import { CertificateSigningController } from './controller.js';
import { signerNames } from './signer-rules.js';

/** The signers, and what their own flags are called. */
const signers: readonly (readonly [flag: string, signerName: string])[] = [
  ['kubelet-serving', signerNames.kubeletServing],
  ['kubelet-client', signerNames.kubeletClient],
  ['kube-apiserver-client', signerNames.apiClient],
  ['legacy-unknown', signerNames.legacyUnknown],
];

/** `certificatesigningrequest-signing-controller`: runs when it has the key of an authority. */
export const certificateSigningDefinition: ControllerDefinition = {
  name: 'certificatesigningrequest-signing-controller',
  alias: 'csrsigning',
  isOnByDefault: true,
  flags: [
    ...authorityFlags('cluster-signing', 'all signers that have none of their own'),
    {
      name: 'cluster-signing-duration',
      help: 'The longest that certificates are signed for; requests may ask for less.',
      ...{ kind: 'duration', default: 8760 * 3_600_000 },
    },
    ...signers.flatMap(([flag, name]) => authorityFlags(`cluster-signing-${flag}`, name)),
  ],
  create(parts, flags) {
    const common = authorityOf(flags, 'cluster-signing');
    const authorities = new Map<string, Authority>();
    for (const [flag, name] of signers) {
      const authority = authorityOf(flags, `cluster-signing-${flag}`) ?? common;
      if (authority !== null) authorities.set(name, authority);
    }
    if (authorities.size === 0) return null;
    const durationMs = flags.durationMs('cluster-signing-duration');
    return new CertificateSigningController(parts, { authorities, durationMs });
  },
};

function authorityFlags(prefix: string, who: string): readonly ControllerFlag[] {
  return [
    {
      name: `${prefix}-cert-file`,
      help: `Certificate of the authority (PEM) of ${who}.`,
      ...{ kind: 'file', default: '' },
    },
    {
      name: `${prefix}-key-file`,
      help: `Key of the authority (PEM) of ${who}.`,
      ...{ kind: 'file', default: '' },
    },
  ];
}

/** Null: neither file is given. Throws RangeError when one is. */
function authorityOf(flags: FlagValues, prefix: string): Authority | null {
  const cert = flags.file(`${prefix}-cert-file`);
  const key = flags.file(`${prefix}-key-file`);
  if (cert !== null && key !== null) return { cert, key };
  if (cert === null && key === null) return null;
  throw new RangeError(
    `--${prefix}-cert-file and --${prefix}-key-file belong together: give both or none`,
  );
}
