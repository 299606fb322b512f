import type { Node } from '../../api/gen/core-v1.js';

/** Labels of nodes, and the names that they had before Kubernetes 1.14, which carry the same. */
const oldNames: readonly (readonly [name: string, oldName: string])[] = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
];

/** The labels that a node lacks or has wrong; null when there are none. */
export function missingLabels({ metadata }: Node): Record<string, string> | null {
  const missing = oldNames.flatMap(([name, oldName]) => {
    const value = metadata.labels?.[name];
    return value === undefined || metadata.labels?.[oldName] === value ? [] : [[oldName, value]];
  });
  return missing.length === 0 ? null : Object.fromEntries(missing);
}
