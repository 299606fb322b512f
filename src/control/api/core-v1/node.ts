import type { FieldError } from '../../machinery/field-errors.js';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
} from '../../machinery/field-path.js';
import { quote, utf8Length } from '../../machinery/quote.js';
import type { Node, Taint } from '../gen/core-v1.js';
import { amountsOf, roundAmounts } from './amounts.js';
import { coreKind } from './core-kind.js';
import { checkPositive, type FieldErrors } from './field-checks.js';
import { checkNetwork, networkFamilyOf, networkWarnings } from './ip-rules.js';
import { nodeTable } from './node-table.js';
import { checkTaints } from './pod/tolerations.js';
import { checkAmount } from './resource-rules.js';
import { restore } from './restore.js';

const metadataPath = fieldPath('metadata');
const taintsAnnotation = 'scheduler.alpha.kubernetes.io/taints';

function setDefaults(node: Node): void {
  node.spec ??= {};
  setPodCidrs(node.spec);
  const { status } = node;
  for (const list of [status?.capacity, status?.allocatable]) roundAmounts(list);
  if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  if (status?.nodeInfo && status.nodeInfo.kubeProxyVersion !== '')
    status.nodeInfo.kubeProxyVersion = '';
}

/** The first of a node's networks has a field of its own, which was there first and wins. */
function setPodCidrs(spec: NonNullable<Node['spec']>): void {
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  const first = spec.podCIDRs?.[0];
  if (first && spec.podCIDR !== first) spec.podCIDR = first;
}

function checkNode(node: Node, errors: FieldErrors): void {
  const { spec = {}, status = {} } = node;
  checkTaintsAnnotation(node, errors);
  checkTaints(spec.taints, metadataPath.child('taints'), errors);
  checkResources(node, errors);
  const swap = status.nodeInfo?.swap?.capacity;
  const swapPath = metadataPath.child('nodeSwapStatus', 'capacity');
  if (swap !== undefined) checkPositive(swap, swapPath, errors);
  checkFeatures(node, errors);
  checkPodCidrs(spec.podCIDRs ?? [], fieldPath('spec', 'podCIDRs'), errors);
}

function checkTaintsAnnotation({ metadata }: Node, errors: FieldErrors): void {
  const text = metadata.annotations?.[taintsAnnotation];
  if (!text) return;
  const path = metadataPath.child('annotations');
  let taints: unknown;
  try {
    taints = JSON.parse(text);
  } catch {
    errors.push(invalidValue(path, taintsAnnotation, 'must be a list of taints as JSON'));
    return;
  }
  if (Array.isArray(taints)) checkTaints(taints as Taint[], path.child(taintsAnnotation), errors);
}

function checkResources({ status }: Node, errors: FieldErrors): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of amountsOf(status?.[list])) {
      checkAmount(name, amount, fieldPath('status', list, name), errors);
    }
  }
}

const featureName = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
const featureNameMax = 253;

function checkFeatures({ status }: Node, errors: FieldErrors): void {
  const features = status?.declaredFeatures ?? [];
  const path = fieldPath('status', 'declaredFeatures');
  features.forEach((feature, at) => {
    const problem = featureProblem(feature);
    if (problem !== undefined) errors.push(invalidValue(path.index(at), feature, problem));
    const next = features[at + 1];
    if (next === undefined) return;
    if (feature === next) errors.push(duplicate(path.index(at + 1), next));
    else if (feature > next) {
      errors.push(invalidValue(path.index(at + 1), next, 'list must be sorted alphabetically'));
    }
  });
}

function featureProblem(name: string): string | undefined {
  const invalid = `invalid feature name ${quote(name)}:`;
  if (utf8Length(name) > featureNameMax) {
    return `${invalid} must be no more than ${featureNameMax} characters`;
  }
  if (featureName.test(name)) return undefined;
  return `${invalid} must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`;
}

function checkPodCidrs(cidrs: readonly string[], path: FieldPath, errors: FieldErrors): void {
  cidrs.forEach((cidr, at) => {
    checkNetwork(cidr, path.index(at), errors);
  });
  if (cidrs.length < 2) return;
  const families = new Set(cidrs.map(networkFamilyOf));
  if (families.size === 2 && cidrs.length === 2) return;
  const text = 'may specify no more than one CIDR for each IP family';
  errors.push(invalidValue(path, cidrs, text));
}

function checkUpdate(node: Node, old: Node, errors: FieldErrors): void {
  const { spec = {}, status } = node;
  checkTaintsAnnotation(node, errors);
  checkResources(node, errors);
  checkFeatures(node, errors);
  const seen = new Set<string>();
  status?.addresses?.forEach(({ type = '', address = '' }, at) => {
    const key = `${type}/${address}`;
    const path = fieldPath('status', 'addresses').index(at);
    if (seen.has(key)) errors.push(duplicate(path, { Type: type, Address: address }));
    seen.add(key);
  });
  checkSetOnce(spec, old.spec ?? {}, errors);
  checkTaints(spec.taints, metadataPath.child('taints'), errors);
  if ((spec.externalID ?? '') !== (old.spec?.externalID ?? '')) {
    errors.push(forbiddenField(fieldPath('spec', 'externalID'), 'may not be updated'));
  }
}

/** What others set for a node stays once it is set. */
function checkSetOnce(
  spec: NonNullable<Node['spec']>,
  old: NonNullable<Node['spec']>,
  errors: FieldErrors,
): void {
  const before = old.podCIDRs ?? [];
  const after = spec.podCIDRs ?? [];
  if (before.length > 0) {
    const text = 'node updates may not change podCIDR except from "" to valid';
    const error = forbiddenField(fieldPath('spec', 'podCIDRs'), text);
    if (before.length !== after.length) errors.push(error);
    else before.forEach((cidr, at) => void (cidr === after[at] || errors.push(error)));
  }
  if (old.providerID && old.providerID !== spec.providerID) {
    const text = 'node updates may not change providerID except from "" to valid';
    errors.push(forbiddenField(fieldPath('spec', 'providerID'), text));
  }
}

function dropConfigSource(node: Node, old: Node | undefined): void {
  if (old?.spec?.configSource === undefined) delete node.spec?.configSource;
}

function warnings({ spec }: Node): string[] {
  const cidrs = (spec?.podCIDRs ?? []).flatMap((cidr, at) =>
    networkWarnings(cidr, fieldPath('spec', 'podCIDRs').index(at)),
  );
  if (!spec?.externalID) return cidrs;
  return ['spec.externalID: this field is deprecated, and is unused by Kubernetes', ...cidrs];
}

/** The rules of Nodes. */
export const nodeKind = coreKind<Node>('Node', {
  setDefaults,
  prepareForCreate: (node) => {
    dropConfigSource(node, undefined);
  },
  validateCreate: (node) => {
    const errors: FieldError[] = [];
    checkNode(node, errors);
    return errors;
  },
  prepareForUpdate: (node, old) => {
    restore(node, old, 'status');
    dropConfigSource(node, old);
  },
  validateUpdate: (node, old) => {
    const errors: FieldError[] = [];
    checkNode(node, errors);
    checkUpdate(node, old, errors);
    return errors;
  },
  prepareForStatusUpdate: (node, old) => {
    restore(node, old, 'spec');
  },
  validateStatusUpdate: (node, old) => {
    const errors: FieldError[] = [];
    checkUpdate(node, old, errors);
    return errors;
  },
  warnings,
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
  countsGeneration: false,
  table: nodeTable,
});
