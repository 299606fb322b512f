import type { ControllerDefinition } from '../controller.js';
import { RootCaController, rootCaControllerName } from './controller.js';

/** Runs when the authority of the API server's certificate is known. */
export const rootCaDefinition: ControllerDefinition = {
  name: rootCaControllerName,
  alias: 'root-ca-cert-publisher',
  isOnByDefault: true,
  flags: [
    {
      name: 'root-ca-file',
      kind: 'file',
      default: '',
      help: 'Authority that pods are told to trust the API server by (PEM; default: that of the kubeconfig).',
    },
  ],
  create(parts, flags) {
    const certificate = flags.file('root-ca-file');
    return certificate === null ? null : new RootCaController(parts, certificate);
  },
};
