import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../machinery/field-path.js';
import { validateLabelKey } from '../../../machinery/labels.js';
import { dnsSubdomainProblems, labelValueProblems } from '../../../machinery/names.js';
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../gen/core-v1.js';
import { addProblems, type FieldErrors } from '../field-checks.js';

/** How strict the values of a node selector are taken. */
export interface NodeSelectorOptions {
  /** Values that no label can have may stand: they select nothing. */
  readonly allowsInvalidValues: boolean;
}

/** A selector of nodes, as pods and volumes require it: at least one term. */
export function checkNodeSelector(
  selector: NodeSelector,
  options: NodeSelectorOptions,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const at = path.child('nodeSelectorTerms');
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) {
    errors.push(required(at, 'must have at least one node selector term'));
  }
  terms.forEach((term, index) => {
    checkNodeSelectorTerm(term, options, at.index(index), errors);
  });
}

/** One term: requirements on labels and on fields of a node. */
export function checkNodeSelectorTerm(
  term: NodeSelectorTerm,
  options: NodeSelectorOptions,
  path: FieldPath,
  errors: FieldErrors,
): void {
  term.matchExpressions?.forEach((requirement, at) => {
    checkLabelRequirement(requirement, options, path.child('matchExpressions').index(at), errors);
  });
  term.matchFields?.forEach((requirement, at) => {
    checkNodeFieldRequirement(requirement, path.child('matchFields').index(at), errors);
  });
}

function checkLabelRequirement(
  requirement: NodeSelectorRequirement,
  { allowsInvalidValues }: NodeSelectorOptions,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        const text = "must be specified when `operator` is 'In' or 'NotIn'";
        errors.push(required(path.child('values'), text));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(path.child('values'), text));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        const text = "must be specified single value when `operator` is 'Lt' or 'Gt'";
        errors.push(required(path.child('values'), text));
      }
      break;
    default:
      errors.push(invalidOperator(requirement, path));
  }
  errors.push(...validateLabelKey(requirement.key ?? '', path.child('key')));
  if (allowsInvalidValues) return;
  values.forEach((value, at) => {
    addProblems(labelValueProblems(value), path.child('values').index(at), value, errors);
  });
}

function checkNodeFieldRequirement(
  requirement: NodeSelectorRequirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const values = requirement.values ?? [];
  if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
    errors.push(invalidOperator(requirement, path));
  } else if (values.length !== 1) {
    const text =
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(path.child('values'), text));
  }
  if (requirement.key !== 'metadata.name') {
    const text = 'not a valid field selector key';
    errors.push(invalidValue(path.child('key'), requirement.key ?? '', text));
    return;
  }
  values.forEach((value, at) => {
    addProblems(dnsSubdomainProblems(value), path.child('values').index(at), value, errors);
  });
}

function invalidOperator(requirement: NodeSelectorRequirement, path: FieldPath) {
  const text = 'not a valid selector operator';
  return invalidValue(path.child('operator'), requirement.operator ?? '', text);
}

/** Whether a selector has a value that no label can have. */
export function hasInvalidValue(selector: NodeSelector | undefined): boolean {
  return (selector?.nodeSelectorTerms ?? []).some((term) =>
    term.matchExpressions?.some((requirement) =>
      requirement.values?.some((value) => labelValueProblems(value).length > 0),
    ),
  );
}
