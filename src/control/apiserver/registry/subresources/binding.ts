import type { Binding, Pod, PodCondition } from '../../../api/gen/core-v1.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import { fieldPath, invalidValue, notSupported, required } from '../../../machinery/field-path.js';
import { pathSegmentProblems } from '../../../machinery/names.js';
import type { ObjectMeta } from '../../../machinery/object.js';
import { conflict, invalid } from '../../../machinery/status-errors.js';
import { formatTime } from '../../../machinery/time.js';

const pods = { group: '', resource: 'pods' };

/** Throws 422 for a binding that names no node. */
export function checkBinding({ metadata, target }: Binding): void {
  const errors: FieldError[] = [];
  const kind = target?.kind ?? '';
  if (kind !== '' && kind !== 'Node') {
    errors.push(notSupported(fieldPath('target', 'kind'), kind, ['Node', '<empty>']));
  }
  const name = target?.name ?? '';
  if (name === '') errors.push(required(fieldPath('target', 'name'), ''));
  for (const problem of name === '' ? [] : pathSegmentProblems(name)) {
    errors.push(invalidValue(fieldPath('target', 'name'), name, problem));
  }
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, metadata.name ?? '', errors);
}

/**
 * The pod on its node, with the annotations and labels of the binding; it shares with `current` what stays. Throws 409 when it cannot be
 * put there.
 */
export function boundPod(current: Pod, binding: Binding, nowMs: number): Pod {
  const name = current.metadata.name ?? '';
  if (current.metadata.deletionTimestamp !== undefined) {
    throw conflict(pods, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const assigned = current.spec?.nodeName ?? '';
  if (assigned !== '') {
    throw conflict(pods, name, `pod ${name} is already assigned to node "${assigned}"`);
  }
  if ((current.spec?.schedulingGates ?? []).length > 0) {
    throw conflict(pods, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
  const { nominatedNodeName: _, ...status } = current.status ?? {};
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  const scheduled: PodCondition = {
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime: formatTime(nowMs),
  };
  return {
    ...current,
    metadata: withNotes(current.metadata, binding.metadata),
    spec: { ...current.spec, nodeName: binding.target?.name ?? '' },
    status: { ...status, conditions: [...others, scheduled] },
  };
}

/** The pod's metadata with what admission and the scheduler noted on the binding, which wins. */
function withNotes(
  metadata: ObjectMeta,
  { annotations = {}, labels = {} }: ObjectMeta,
): ObjectMeta {
  const noted = { ...metadata };
  if (Object.keys(annotations).length > 0)
    noted.annotations = { ...metadata.annotations, ...annotations };
  if (Object.keys(labels).length > 0) noted.labels = { ...metadata.labels, ...labels };
  return noted;
}
