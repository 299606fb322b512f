import { type FieldPath, invalidValue, required } from '../../../machinery/field-path.js';
import { validateLabelSelector } from '../../../machinery/label-selector.js';
import { validateLabelKey } from '../../../machinery/labels.js';
import { dnsLabelProblems } from '../../../machinery/names.js';
import type { Affinity, NodeAffinity, PodAffinity, PodAffinityTerm } from '../../gen/core-v1.js';
import { addProblems, type FieldErrors, isUnset } from '../field-checks.js';
import { checkMatchLabelKeys, mergeLabelKeys } from './match-label-keys.js';
import { checkNodeSelector, checkNodeSelectorTerm, hasInvalidValue } from './node-selector.js';

const requiredTerms = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferredTerms = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Where a pod must and would rather run: near or away from nodes and other pods. */
export function checkAffinity(
  affinity: Affinity | undefined,
  old: Affinity | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (affinity?.nodeAffinity) {
    const allowsInvalidValues = hasInvalidValue(old?.nodeAffinity?.[requiredTerms]);
    const at = path.child('nodeAffinity');
    checkNodeAffinity(affinity.nodeAffinity, { allowsInvalidValues }, at, errors);
  }
  if (affinity?.podAffinity) {
    checkPodAffinity(affinity.podAffinity, path.child('podAffinity'), errors);
  }
  if (affinity?.podAntiAffinity) {
    checkPodAffinity(affinity.podAntiAffinity, path.child('podAntiAffinity'), errors);
  }
}

function checkNodeAffinity(
  affinity: NodeAffinity,
  options: { readonly allowsInvalidValues: boolean },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const selector = affinity[requiredTerms];
  if (selector) checkNodeSelector(selector, options, path.child(requiredTerms), errors);
  affinity[preferredTerms]?.forEach((term, at) => {
    const entry = path.child(preferredTerms).index(at);
    checkWeight(term.weight, entry.child('weight'), errors);
    // A preference that selects nothing has always been let through.
    const preference = term.preference ?? {};
    const lenient = { allowsInvalidValues: true };
    checkNodeSelectorTerm(preference, lenient, entry.child('preference'), errors);
  });
}

function checkPodAffinity(affinity: PodAffinity, path: FieldPath, errors: FieldErrors): void {
  affinity[requiredTerms]?.forEach((term, at) => {
    checkPodAffinityTerm(term, path.child(requiredTerms).index(at), errors);
  });
  affinity[preferredTerms]?.forEach((weighted, at) => {
    const entry = path.child(preferredTerms).index(at);
    checkWeight(weighted.weight, entry.child('weight'), errors);
    checkPodAffinityTerm(weighted.podAffinityTerm ?? {}, entry.child('podAffinityTerm'), errors);
  });
}

function checkWeight(weight: number | undefined, path: FieldPath, errors: FieldErrors): void {
  const value = weight ?? 0;
  if (value > 0 && value <= 100) return;
  errors.push(invalidValue(path, value, 'must be in the range 1-100'));
}

function checkPodAffinityTerm(term: PodAffinityTerm, path: FieldPath, errors: FieldErrors): void {
  errors.push(...validateLabelSelector(term.labelSelector, path.child('labelSelector')));
  errors.push(...validateLabelSelector(term.namespaceSelector, path.child('namespaceSelector')));
  for (const namespace of term.namespaces ?? []) {
    addProblems(dnsLabelProblems(namespace), path.child('namespace'), namespace, errors);
  }
  checkMatchLabelKeys(term, path, errors);
  const topologyKey = term.topologyKey ?? '';
  if (isUnset(topologyKey)) errors.push(required(path.child('topologyKey'), 'can not be empty'));
  errors.push(...validateLabelKey(topologyKey, path.child('topologyKey')));
}

/** All terms about other pods, with where they are below the pod's affinity. */
export function podAffinityTerms(
  affinity: Affinity | undefined,
  path: FieldPath,
): { readonly term: PodAffinityTerm; readonly path: FieldPath }[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const of = affinity?.[kind];
    const at = path.child(kind);
    return [
      ...(of?.[requiredTerms] ?? []).map((term, index) => ({
        term,
        path: at.child(requiredTerms).index(index),
      })),
      ...(of?.[preferredTerms] ?? []).map((weighted, index) => ({
        term: weighted.podAffinityTerm ?? {},
        path: at.child(preferredTerms).index(index).child('podAffinityTerm'),
      })),
    ];
  });
}

/** Puts into the selectors of a new pod's affinity what their label keys stand for. */
export function mergeAffinityLabelKeys(
  affinity: Affinity | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): void {
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const of = affinity?.[kind];
    for (const weighted of of?.[preferredTerms] ?? []) {
      if (weighted.podAffinityTerm) mergeLabelKeys(weighted.podAffinityTerm, labels);
    }
    for (const term of of?.[requiredTerms] ?? []) mergeLabelKeys(term, labels);
  }
}
