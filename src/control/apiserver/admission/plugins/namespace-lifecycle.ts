import type { Namespace } from '../../../api/gen/core-v1.js';
import { notFound } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

/** Namespaces that the system cannot do without. */
const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);
const namespaces = { group: '', resource: 'namespaces' };
/** For how long a namespace whose deletion this server has seen is read from the store: the cache may still think it is active. */
const recentMs = 30_000;
const recentMax = 1000;

/** Nothing new in namespaces that are not there or are going; and the system's own namespaces stay. */
export function namespaceLifecycle(services: AdmissionServices): AdmissionPlugin {
  const recentlyDeleted = new Map<string, number>();
  const noteDeletion = (name: string) => {
    recentlyDeleted.delete(name);
    if (recentlyDeleted.size >= recentMax) recentlyDeleted.clear();
    recentlyDeleted.set(name, services.clock.now() + recentMs);
  };
  return definePlugin('NamespaceLifecycle', ['CREATE', 'UPDATE', 'DELETE'], {
    /** Deletions have nothing to mutate: they may come here alone. */
    validate(request) {
      if (request.operation !== 'DELETE' || !isNamespace(request)) return;
      if (immortal.has(request.name)) throw refusal(request, 'this namespace may not be deleted');
      noteDeletion(request.name);
    },
    async mutate(request) {
      if (isNamespace(request)) return;
      if (request.operation !== 'CREATE' || request.namespace === '') return;
      if (request.resource === 'localsubjectaccessreviews') return;
      const isDoubtful = (recentlyDeleted.get(request.namespace) ?? 0) > services.clock.now();
      const namespace = (
        isDoubtful
          ? await services.latest.get(namespaces, '', request.namespace)
          : await findObject(services, namespaces, '', request.namespace)
      ) as Namespace | undefined;
      if (namespace === undefined) throw notFound(namespaces, request.namespace);
      if (namespace.status?.phase === 'Terminating') throw terminating(request);
    },
  });
}

function isNamespace({ group, resource }: AdmissionRequest): boolean {
  return group === '' && resource === 'namespaces';
}

function terminating(request: AdmissionRequest): Error {
  const { namespace } = request;
  const error = refusal(
    request,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const { details } = error.status;
  if (details !== undefined) {
    details.causes = [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ];
  }
  return error;
}
