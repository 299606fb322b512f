import type { Container, Pod } from '../../../api/gen/core-v1.js';
import { annotationPrefix } from './behaviour.js';

/** The parts of a pod that its simulation reads: of tens of thousands of pods, nothing else is kept. Pure. */
export function keptPod({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { name, namespace, uid, resourceVersion, generation } = metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  const annotations = ownAnnotations(metadata.annotations);
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: defined({
      ...{ name, namespace, uid, resourceVersion, generation },
      ...{ annotations, deletionTimestamp, deletionGracePeriodSeconds },
    }),
    spec: defined({
      nodeName: spec?.nodeName,
      hostNetwork: spec?.hostNetwork,
      restartPolicy: spec?.restartPolicy,
      activeDeadlineSeconds: spec?.activeDeadlineSeconds,
      readinessGates: spec?.readinessGates,
      containers: spec?.containers?.map(keptContainer),
      initContainers: spec?.initContainers?.map(keptContainer),
    }),
    status: defined({
      phase: status?.phase,
      startTime: status?.startTime,
      podIP: status?.podIP,
      conditions: status?.conditions,
      containerStatuses: status?.containerStatuses,
      initContainerStatuses: status?.initContainerStatuses,
    }),
  };
}

function keptContainer({ name, image, restartPolicy }: Container): Container {
  return defined({ name, image, restartPolicy });
}

function ownAnnotations(
  annotations: Record<string, string> | undefined,
): Record<string, string> | undefined {
  const own = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(annotationPrefix));
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the fields that are undefined. */
function defined<T extends object>(fields: T): Defined<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
