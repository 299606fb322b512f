import type { Namespace, Pod, Toleration } from '../../../api/gen/core-v1.js';
import { notFound } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { podOf, sameToleration, specOf } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

const defaultAnnotation = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const allowedAnnotation = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';

/** The plugin's configuration: what holds for namespaces without annotations. */
export interface PodTolerationOptions {
  readonly defaults: readonly Toleration[];
  readonly allowed: readonly Toleration[];
}

/** Gives the pods of a namespace its default tolerations, and holds them to those that it allows. */
export function podTolerationRestriction(
  options: PodTolerationOptions,
  services: AdmissionServices,
): AdmissionPlugin {
  const listOf = async (
    request: AdmissionRequest,
    annotation: string,
    otherwise: readonly Toleration[],
  ): Promise<readonly Toleration[]> => {
    const resource = { group: '', resource: 'namespaces' };
    const namespace = (await findObject(services, resource, '', request.namespace)) as
      | Namespace
      | undefined;
    if (namespace === undefined) throw notFound(resource, request.namespace);
    const text = namespace.metadata.annotations?.[annotation];
    if (text === undefined || text === '') return text === '' ? [] : otherwise;
    return parseTolerations(request, text);
  };
  return definePlugin('PodTolerationRestriction', ['CREATE', 'UPDATE'], {
    async mutate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      if (request.operation === 'CREATE')
        addDefaults(request, pod, await listOf(request, defaultAnnotation, options.defaults));
      addMemoryPressure(pod);
    },
    async validate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const tolerations = pod.spec?.tolerations ?? [];
      const allowed = await listOf(request, allowedAnnotation, options.allowed);
      if (allowed.length === 0 || tolerations.length === 0) return;
      if (tolerations.every((toleration) => allowed.some((each) => covers(each, toleration))))
        return;
      throw refusal(
        request,
        'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
      );
    },
  });
}

function addDefaults(request: AdmissionRequest, pod: Pod, defaults: readonly Toleration[]): void {
  if (defaults.length === 0) return;
  const spec = specOf(pod);
  const own = spec.tolerations ?? [];
  const clash = own.find((toleration) =>
    defaults.some(
      (each) =>
        sameToleration(each, toleration) && each.tolerationSeconds !== toleration.tolerationSeconds,
    ),
  );
  if (clash !== undefined)
    throw refusal(request, 'namespace tolerations and pod tolerations conflict');
  const added = defaults.filter((each) => !own.some((toleration) => covers(toleration, each)));
  if (added.length > 0) spec.tolerations = [...own, ...added];
}

/** Pods that asked for resources stay when memory runs short: those that did not go first. */
function addMemoryPressure(pod: Pod): void {
  const asks = pod.spec?.containers?.some(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length > 0 ||
      Object.keys(resources?.limits ?? {}).length > 0,
  );
  if (asks !== true) return;
  const spec = specOf(pod);
  const added: Toleration = {
    key: 'node.kubernetes.io/memory-pressure',
    operator: 'Exists',
    effect: 'NoSchedule',
  };
  const own = spec.tolerations ?? [];
  if (!own.some((toleration) => sameToleration(toleration, added)))
    spec.tolerations = [...own, added];
}

function covers(wide: Toleration, narrow: Toleration): boolean {
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined) return false;
    if (narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (!wide.key) return wide.operator === 'Exists';
  if (wide.key !== narrow.key) return false;
  return wide.operator === 'Exists' || (wide.value ?? '') === (narrow.value ?? '');
}

function parseTolerations(request: AdmissionRequest, text: string): readonly Toleration[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list as Toleration[];
  } catch {
    // Said below.
  }
  throw refusal(request, `the tolerations of namespace ${request.namespace} are no JSON list`);
}
