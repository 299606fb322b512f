import type { AdmissionPlugin } from '../contracts.js';
import type { Admission } from './registry-options.js';

/** Runs plugins in order; each is asked only about the operations that it handles. */
export function admissionChain(plugins: readonly AdmissionPlugin[]): Admission {
  return {
    async mutate(request) {
      for (const plugin of plugins) {
        if (plugin.mutate !== undefined && plugin.handles(request.operation)) {
          await plugin.mutate(request);
        }
      }
    },
    async validate(request) {
      for (const plugin of plugins) {
        if (plugin.validate !== undefined && plugin.handles(request.operation)) {
          await plugin.validate(request);
        }
      }
    },
  };
}
