import type { ControllerDefinition } from '../controller.js';
import { PolicyStatusController } from './controller.js';

const workers = 'concurrent-validating-admission-policy-status-syncs';

/** `validatingadmissionpolicy-status-controller`. */
export const policyStatusDefinition: ControllerDefinition = {
  name: 'validatingadmissionpolicy-status-controller',
  isOnByDefault: true,
  flags: [
    {
      name: workers,
      kind: 'integer',
      default: 5,
      help: 'ValidatingAdmissionPolicies whose expressions are looked at at once.',
    },
  ],
  create: (parts, flags) => new PolicyStatusController(parts, { workers: flags.integer(workers) }),
};
