import type { FieldPath } from '../../machinery/field-path.js';
import type { NodeSelectorTerm } from '../gen/core-v1.js';

/** Labels of nodes that have got other names: the release that deprecated them, and what to use. */
const successors: ReadonlyMap<string, { readonly since: string; readonly use: string }> = new Map([
  ['beta.kubernetes.io/arch', { since: 'v1.14', use: 'kubernetes.io/arch' }],
  ['beta.kubernetes.io/os', { since: 'v1.14', use: 'kubernetes.io/os' }],
  [
    'failure-domain.beta.kubernetes.io/region',
    { since: 'v1.17', use: 'topology.kubernetes.io/region' },
  ],
  [
    'failure-domain.beta.kubernetes.io/zone',
    { since: 'v1.17', use: 'topology.kubernetes.io/zone' },
  ],
  ['beta.kubernetes.io/instance-type', { since: 'v1.17', use: 'node.kubernetes.io/instance-type' }],
]);

/** What to warn of in the use of a node's label; undefined when it is not deprecated. */
export function deprecatedLabel(key: string | undefined): string | undefined {
  const successor = key === undefined ? undefined : successors.get(key);
  if (successor === undefined) return undefined;
  return `deprecated since ${successor.since}; use "${successor.use}" instead`;
}

/** The label that has replaced one; undefined when there is none. */
export function successorOfLabel(key: string): string | undefined {
  return successors.get(key)?.use;
}

/** What to warn of in the labels that a term asks for. */
export function nodeSelectorTermWarnings(
  term: NodeSelectorTerm | undefined,
  path: FieldPath,
): string[] {
  return (term?.matchExpressions ?? []).flatMap(({ key }, at) => {
    const warning = deprecatedLabel(key);
    if (warning === undefined) return [];
    return [`${path.child('matchExpressions').index(at).child('key')}: ${key} is ${warning}`];
  });
}
