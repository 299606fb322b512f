import { StatusError } from '../../../machinery/status.js';
import { notFound } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { type AdmissionServices, findObject } from '../services.js';

const namespaces = { group: '', resource: 'namespaces' };

/** NamespaceExists: refuses requests in namespaces that are not there. */
export function namespaceExists(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('NamespaceExists', ['CREATE', 'UPDATE', 'DELETE'], {
    async validate(request) {
      if (!isInNamespace(request)) return;
      const found = await findObject(services, namespaces, '', request.namespace);
      if (found === undefined) throw notFound(namespaces, request.namespace);
    },
  });
}

/** NamespaceAutoProvision: creates the namespace of an object when it is not there. */
export function namespaceAutoProvision(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('NamespaceAutoProvision', ['CREATE'], {
    async mutate(request) {
      if (!isInNamespace(request) || request.context.isDryRun) return;
      const { namespace } = request;
      if ((await findObject(services, namespaces, '', namespace)) !== undefined) return;
      await services.writer
        .create(namespaces, '', {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: namespace },
        })
        .catch((error: unknown) => {
          // Somebody else was faster, which is as good.
          if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
        });
    },
  });
}

/** Access reviews are answered whether their namespace is there or not. */
function isInNamespace({ group, resource, namespace }: AdmissionRequest): boolean {
  if (namespace === '' || (group === '' && resource === 'namespaces')) return false;
  return !(group === 'authorization.k8s.io' && resource === 'localsubjectaccessreviews');
}
