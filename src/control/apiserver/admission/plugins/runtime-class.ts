import type { Pod, Toleration } from '../../../api/gen/core-v1.js';
import type { RuntimeClass } from '../../../api/gen/node-v1.js';
import { Quantity } from '../../../machinery/quantity.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { podOf, sameToleration, specOf } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

/** Gives pods what their runtime class says: its overhead, and the nodes that can run it. */
export function runtimeClass(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('RuntimeClass', ['CREATE'], {
    async mutate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const found = await classOf(request, pod, services);
      if (found === null) return;
      setOverhead(request, pod, found);
      setScheduling(request, pod, found);
    },
    async validate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      const found = await classOf(request, pod, services);
      const given = pod.spec?.overhead ?? {};
      const fixed = found?.overhead?.podFixed;
      if (fixed === undefined) {
        if (Object.keys(given).length > 0)
          throw refusal(
            request,
            'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
          );
      } else if (!sameQuantities(given, fixed)) {
        throw refusal(request, mismatch);
      }
    },
  });
}

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";

async function classOf(
  request: AdmissionRequest,
  pod: Pod,
  services: AdmissionServices,
): Promise<RuntimeClass | null> {
  const name = pod.spec?.runtimeClassName;
  if (name === undefined) return null;
  const resource = { group: 'node.k8s.io', resource: 'runtimeclasses' };
  const found = (await findObject(services, resource, '', name)) as RuntimeClass | undefined;
  if (found === undefined)
    throw refusal(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

function setOverhead(request: AdmissionRequest, pod: Pod, { overhead }: RuntimeClass): void {
  const fixed = overhead?.podFixed;
  if (fixed === undefined) return;
  const spec = specOf(pod);
  if (spec.overhead !== undefined && !sameQuantities(spec.overhead, fixed))
    throw refusal(request, mismatch);
  spec.overhead = { ...fixed };
}

function setScheduling(request: AdmissionRequest, pod: Pod, { scheduling }: RuntimeClass): void {
  if (scheduling === undefined) return;
  const spec = specOf(pod);
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      throw refusal(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  const added = (scheduling.tolerations ?? []).filter(
    (toleration: Toleration) =>
      !spec.tolerations?.some(
        (known) =>
          sameToleration(known, toleration) &&
          known.tolerationSeconds === toleration.tolerationSeconds,
      ),
  );
  if (added.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...added];
}

function sameQuantities(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => {
      const other = b[name];
      return (
        other !== undefined && Quantity.parse(a[name] ?? '0').compare(Quantity.parse(other)) === 0
      );
    })
  );
}
