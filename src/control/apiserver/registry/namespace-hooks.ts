import type { Namespace } from '../../api/gen/core-v1.js';
import type { KubeObject } from '../../machinery/object.js';
import type { RegistryHooks } from './registry-options.js';

/** A namespace goes only when everything in it has gone: `spec.finalizers` says who is still at it. */
export const namespaceHooks: RegistryHooks = {
  isHeld: (object: KubeObject) => ((object as Namespace).spec?.finalizers ?? []).length > 0,
  markDeleted(object: KubeObject) {
    const namespace = object as Namespace;
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  },
  async beginCreate(object: KubeObject) {
    const namespace = object as Namespace;
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes('kubernetes')) {
      namespace.spec = { ...namespace.spec, finalizers: [...finalizers, 'kubernetes'] };
    }
    namespace.status = { phase: 'Active' };
    return null;
  },
};
