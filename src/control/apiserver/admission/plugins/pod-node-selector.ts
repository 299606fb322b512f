import type { Namespace } from '../../../api/gen/core-v1.js';
import { notFound } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { podOf, specOf } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';
type Labels = Readonly<Record<string, string>>;

/** The plugin's configuration: a default selector, and by namespace the labels that its pods may select. */
export interface PodNodeSelectorOptions {
  readonly clusterDefault: Labels;
  readonly allowed: Readonly<Record<string, Labels>>;
}

/** Binds the pods of a namespace to the nodes that an annotation of the namespace selects. */
export function podNodeSelector(
  options: PodNodeSelectorOptions,
  services: AdmissionServices,
): AdmissionPlugin {
  return definePlugin('PodNodeSelector', ['CREATE'], {
    async mutate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const spec = specOf(pod);
      const selector = await namespaceSelector(request, options, services);
      if (conflicts(selector, spec.nodeSelector ?? {})) {
        throw refusal(
          request,
          'pod node label selector conflicts with its namespace node label selector',
        );
      }
      const merged = { ...selector, ...spec.nodeSelector };
      if (Object.keys(merged).length > 0) spec.nodeSelector = merged;
      checkAllowed(request, merged, options);
    },
    async validate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const selector = await namespaceSelector(request, options, services);
      if (conflicts(selector, pod.spec?.nodeSelector ?? {})) {
        throw refusal(
          request,
          'pod node label selector conflicts with its namespace node label selector',
        );
      }
      checkAllowed(request, { ...selector, ...pod.spec?.nodeSelector }, options);
    },
  });
}

async function namespaceSelector(
  request: AdmissionRequest,
  { clusterDefault }: PodNodeSelectorOptions,
  services: AdmissionServices,
): Promise<Labels> {
  const resource = { group: '', resource: 'namespaces' };
  const namespace = (await findObject(services, resource, '', request.namespace)) as
    | Namespace
    | undefined;
  if (namespace === undefined) throw notFound(resource, request.namespace);
  const text = namespace.metadata.annotations?.[annotation];
  if (text === undefined) return clusterDefault;
  const labels: Record<string, string> = {};
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const [key = '', value] = part.split('=').map((piece) => piece.trim());
    if (value === undefined || key === '') throw refusal(request, `invalid selector: [${text}]`);
    labels[key] = value;
  }
  return labels;
}

function checkAllowed(
  request: AdmissionRequest,
  labels: Labels,
  { allowed }: PodNodeSelectorOptions,
): void {
  const list = allowed[request.namespace];
  if (list === undefined || Object.keys(list).length === 0) return;
  const isAllowed = Object.entries(labels).every(([key, value]) => list[key] === value);
  if (!isAllowed) {
    throw refusal(request, 'pod node label selector labels conflict with its namespace whitelist');
  }
}

function conflicts(a: Labels, b: Labels): boolean {
  return Object.entries(a).some(([key, value]) => b[key] !== undefined && b[key] !== value);
}
