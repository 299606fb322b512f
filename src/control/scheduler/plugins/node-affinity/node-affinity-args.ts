import { checkNodeSelectorTerm } from '../../../api/core-v1/pod/node-selector.js';
import type { NodeAffinity, NodeSelector, NodeSelectorTerm } from '../../../api/gen/core-v1.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue } from '../../../machinery/field-path.js';
import { fieldsOf, refuseProblems } from '../plugin-arguments.js';
import { NodeSelectorMatcher, NodeSelectorTermMatcher } from '../required-node-affinity.js';

/** A preference of nodes. */
export interface PreferredNodes {
  readonly term: NodeSelectorTermMatcher;
  readonly weight: number;
}

/** What every pod of the profile is held to besides its own affinity. */
export interface AddedNodeAffinity {
  readonly required: NodeSelectorMatcher | null;
  readonly preferred: readonly PreferredNodes[];
}

/** NodeAffinityArgs. Throws ConfigurationError. */
export function nodeAffinityArgs(args: unknown): AddedNodeAffinity {
  const { addedAffinity } = fieldsOf(args, ['addedAffinity']);
  const fields = fieldsOf(
    addedAffinity,
    [
      'requiredDuringSchedulingIgnoredDuringExecution',
      'preferredDuringSchedulingIgnoredDuringExecution',
    ],
    'addedAffinity',
  ) as NodeAffinity;
  const required = fields.requiredDuringSchedulingIgnoredDuringExecution;
  const path = fieldPath('addedAffinity');
  refuseProblems([
    ...requiredProblems(required, path.child('requiredDuringSchedulingIgnoredDuringExecution')),
    ...preferredProblems(fields, path.child('preferredDuringSchedulingIgnoredDuringExecution')),
  ]);
  return {
    required: required === undefined ? null : new NodeSelectorMatcher(required),
    preferred: preferredNodesOf(fields),
  };
}

/** Preferred terms, ready to be asked; those without weight or without requirements never count. */
export function preferredNodesOf(affinity: NodeAffinity | undefined): readonly PreferredNodes[] {
  return (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ weight = 0 }) => weight !== 0)
    .map(({ preference = {}, weight = 0 }) => ({
      term: new NodeSelectorTermMatcher(preference),
      weight,
    }));
}

function requiredProblems(selector: NodeSelector | undefined, path: FieldPath): FieldError[] {
  if (selector === undefined) return [];
  return (selector.nodeSelectorTerms ?? []).flatMap((term, at) =>
    termProblems(term, path.child('nodeSelectorTerms').index(at)),
  );
}

function preferredProblems(affinity: NodeAffinity, path: FieldPath): FieldError[] {
  return (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
    ({ preference = {}, weight = 0 }, at) => {
      const here = path.index(at);
      const isWeight = Number.isInteger(weight) && weight >= 0 && weight <= 100;
      return [
        ...(isWeight
          ? []
          : [invalidValue(here.child('weight'), weight, 'must be in the range 1-100')]),
        ...termProblems(preference, here),
      ];
    },
  );
}

function termProblems(term: NodeSelectorTerm, path: FieldPath): FieldError[] {
  const problems: FieldError[] = [];
  checkNodeSelectorTerm(term, { allowsInvalidValues: false }, path, problems);
  return problems;
}
