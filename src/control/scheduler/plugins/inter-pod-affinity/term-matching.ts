import type { Pod } from '../../../api/gen/core-v1.js';
import type { AffinityTerm } from '../../framework/node-info.js';
import { selectorText } from '../selector-text.js';
import type { NamespaceLabels } from './namespace-labels.js';

/** Whether a term is about a pod: its namespace and its labels. */
export function termMatches(
  { selector, namespaces, namespaceSelector }: AffinityTerm,
  { metadata }: Pod,
  labels: NamespaceLabels,
): boolean {
  const namespace = metadata.namespace ?? '';
  if (!namespaces.has(namespace)) {
    if (namespaceSelector === null) return false;
    if (!namespaceSelector.isEverything && !namespaceSelector.matches(labels.labelsOf(namespace)))
      return false;
  }
  return selector.matches(metadata.labels);
}

/** Whether all of the terms are about a pod; no terms are about none. */
export function allTermsMatch(
  terms: readonly AffinityTerm[],
  pod: Pod,
  labels: NamespaceLabels,
): boolean {
  if (terms.length === 0) return false;
  for (const term of terms) if (!termMatches(term, pod, labels)) return false;
  return true;
}

const texts = new WeakMap<AffinityTerm, string>();

/** Equal for terms that ask the same, their weights apart. */
export function termText(term: AffinityTerm): string {
  const known = texts.get(term);
  if (known !== undefined) return known;
  const { topologyKey, selector, namespaces, namespaceSelector } = term;
  const text = JSON.stringify([
    ...[topologyKey, selectorText(selector), selectorText(namespaceSelector)],
    ...[...namespaces].sort(),
  ]);
  texts.set(term, text);
  return text;
}
