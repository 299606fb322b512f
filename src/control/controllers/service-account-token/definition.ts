import { legacyIssuer } from '../../api/service-account/claims.js';
import { parseSigningKey } from '../../api/service-account/signing-key.js';
import { TokenIssuer } from '../../api/service-account/token-issuer.js';
import type { ControllerDefinition } from '../controller.js';
import { ServiceAccountTokenController, serviceAccountTokenControllerName } from './controller.js';

/** Tokens in secrets. Runs when there is a key to sign them with. */
export const serviceAccountTokenDefinition: ControllerDefinition = {
  name: serviceAccountTokenControllerName,
  alias: 'serviceaccount-token',
  isOnByDefault: true,
  flags: [
    {
      name: 'service-account-private-key-file',
      kind: 'file',
      default: '',
      help: 'Private key (PEM; RSA or EC) that tokens in secrets are signed with. Without it they get none.',
    },
    {
      name: 'root-ca-file',
      kind: 'file',
      default: '',
      help: 'Authority that pods are told to trust the API server by (PEM; default: that of the kubeconfig).',
    },
    {
      name: 'concurrent-serviceaccount-token-syncs',
      kind: 'integer',
      default: 5,
      help: 'Namespaces that are looked after at once for their service accounts.',
    },
  ],
  create(parts, flags) {
    const key = flags.file('service-account-private-key-file');
    if (key === null) return null;
    return new ServiceAccountTokenController(parts, {
      issuer: new TokenIssuer(parseSigningKey(key), legacyIssuer),
      rootCa: flags.file('root-ca-file'),
      workers: flags.integer('concurrent-serviceaccount-token-syncs'),
    });
  },
};
