import type { Pod } from '../../../api/gen/core-v1.js';
import type { PriorityClass } from '../../../api/gen/scheduling-v1.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin, isAbout, newObject, oldObject } from '../plugin.js';
import { podOf, specOf } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

const priorityClasses = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
/** These are made by the API server at its start and must hold before they are seen. */
const systemPriorities: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

/** Turns the name of a pod's priority class into its number, and keeps the default class unique. */
export function priority(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('Priority', ['CREATE', 'UPDATE'], {
    async mutate(request) {
      const pod = podOf(request);
      if (pod === null) return;
      if (request.operation === 'CREATE') await setPriority(request, pod, services);
      else keepPriority(pod, oldObject<Pod>(request));
    },
    async validate(request) {
      if (!isAbout(request, 'priorityclasses', { group: priorityClasses.group })) return;
      const created = newObject<PriorityClass>(request);
      if (created?.globalDefault !== true) return;
      const existing = await defaultClass(services);
      if (existing === undefined) return;
      const existingName = existing.metadata.name;
      if (request.operation === 'CREATE' || existingName !== created.metadata.name) {
        throw refusal(
          request,
          `PriorityClass ${existingName} is already marked as default. Only one default can exist`,
        );
      }
    },
  });
}

/** A client that does not know these fields must not lose them by an update. */
function keepPriority({ spec }: Pod, old: Pod | null): void {
  if (spec === undefined || old === null) return;
  if (spec.priority === undefined && old.spec?.priority !== undefined)
    spec.priority = old.spec.priority;
  if (spec.preemptionPolicy === undefined && old.spec?.preemptionPolicy !== undefined)
    spec.preemptionPolicy = old.spec.preemptionPolicy;
}

async function setPriority(
  request: AdmissionRequest,
  pod: Pod,
  services: AdmissionServices,
): Promise<void> {
  const spec = specOf(pod);
  const { value, policy } = await resolve(request, pod, services);
  const given = spec.priority;
  if (given !== undefined && given !== value) {
    throw refusal(
      request,
      `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  spec.priority = value;
  const givenPolicy = spec.preemptionPolicy;
  if (givenPolicy !== undefined && givenPolicy !== policy) {
    throw refusal(
      request,
      `the string value of PreemptionPolicy (${givenPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
  spec.preemptionPolicy = policy;
}

async function resolve(
  request: AdmissionRequest,
  pod: Pod,
  services: AdmissionServices,
): Promise<{ value: number; policy: string }> {
  const spec = specOf(pod);
  const name = spec.priorityClassName ?? '';
  if (name === '') {
    const byDefault = await defaultClass(services);
    if (byDefault === undefined) return { value: 0, policy: 'PreemptLowerPriority' };
    spec.priorityClassName = byDefault.metadata.name ?? '';
    return amountOf(byDefault);
  }
  const found = (await findObject(services, priorityClasses, '', name)) as
    | PriorityClass
    | undefined;
  if (found !== undefined) return amountOf(found);
  const system = systemPriorities[name];
  if (system === undefined) throw refusal(request, `no PriorityClass with name ${name} was found`);
  return { value: system, policy: 'PreemptLowerPriority' };
}

function amountOf({ value = 0, preemptionPolicy }: PriorityClass): {
  value: number;
  policy: string;
} {
  return { value, policy: preemptionPolicy ?? 'PreemptLowerPriority' };
}

/** With several marked as default, which older servers allowed, the lowest counts. */
async function defaultClass({ objects }: AdmissionServices): Promise<PriorityClass | undefined> {
  const classes = (await objects.list(priorityClasses, '')) as readonly PriorityClass[];
  return classes
    .filter(({ globalDefault }) => globalDefault === true)
    .reduce<PriorityClass | undefined>(
      (lowest, each) =>
        lowest === undefined || (each.value ?? 0) < (lowest.value ?? 0) ? each : lowest,
      undefined,
    );
}
