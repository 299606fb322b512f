import { type FieldPath, invalidValue } from '../../../machinery/field-path.js';
import type { NodeAffinity, NodeSelectorTerm, PodSpec } from '../../gen/core-v1.js';
import type { FieldErrors } from '../field-checks.js';
import { sameMeaning } from '../semantic.js';

/**
 * While a pod is held back from scheduling, where it may run can be narrowed. Checks that, and puts the fields concerned back to
 * what they were, so that what remains can be compared.
 */
export function maskGatedChanges(
  spec: PodSpec,
  old: PodSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkNodeSelectorNarrowed(
    spec.nodeSelector,
    old.nodeSelector,
    path.child('nodeSelector'),
    errors,
  );
  if (old.nodeSelector === undefined) delete spec.nodeSelector;
  else spec.nodeSelector = old.nodeSelector;
  const affinity = spec.affinity?.nodeAffinity;
  const before = old.affinity?.nodeAffinity;
  if (sameMeaning(affinity, before)) return;
  checkNodeAffinityNarrowed(affinity, before, path.child('affinity', 'nodeAffinity'), errors);
  if (before !== undefined) spec.affinity = { ...spec.affinity, nodeAffinity: before };
  else if (spec.affinity !== undefined) {
    delete spec.affinity.nodeAffinity;
    if (old.affinity === undefined && Object.keys(spec.affinity).length === 0) delete spec.affinity;
  }
}

function checkNodeSelectorNarrowed(
  selector: Readonly<Record<string, string>> = {},
  old: Readonly<Record<string, string>> = {},
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (Object.entries(old).every(([key, value]) => selector[key] === value)) return;
  const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
  errors.push(invalidValue(path, selector, text));
}

function checkNodeAffinityNarrowed(
  affinity: NodeAffinity | undefined,
  old: NodeAffinity | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const kind = 'requiredDuringSchedulingIgnoredDuringExecution';
  const before = old?.[kind]?.nodeSelectorTerms ?? [];
  const terms = affinity?.[kind]?.nodeSelectorTerms ?? [];
  if (before.length === 0) return;
  const at = path.child(kind, 'nodeSelectorTerms');
  if (before.length !== terms.length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    errors.push(invalidValue(at, terms, text));
    return;
  }
  before.forEach((oldTerm, index) => {
    const term = terms[index] ?? {};
    if (hasOnlyAdditions(term, oldTerm)) return;
    const text = 'only additions are allowed (no mutations or deletions)';
    errors.push(invalidValue(at.index(index), term, text));
  });
}

/** A term is narrowed by more requirements after those it has; one without any matches nothing, and must stay so. */
function hasOnlyAdditions(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const kinds = ['matchExpressions', 'matchFields'] as const;
  const isEmpty = (of: NodeSelectorTerm) => kinds.every((kind) => !of[kind]?.length);
  if (isEmpty(old)) return isEmpty(term);
  return kinds.every((kind) => {
    const before = old[kind] ?? [];
    return sameMeaning((term[kind] ?? []).slice(0, before.length), before);
  });
}
