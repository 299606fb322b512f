import type {
  Pod,
  PodAffinity,
  PodAffinityTerm,
  WeightedPodAffinityTerm,
} from '../../api/gen/core-v1.js';
import { type LabelSelector, labelSelectorOf } from '../../machinery/label-selector.js';
import type { AffinityTerm, WeightedAffinityTerm } from './node-info.js';

/** The terms of a pod's affinity or of its anti-affinity. */
export interface AffinityTerms {
  readonly required: readonly AffinityTerm[];
  readonly preferred: readonly WeightedAffinityTerm[];
}

const noTerms: AffinityTerms = { required: [], preferred: [] };

/** Terms as they are asked. The API has merged `matchLabelKeys` and `mismatchLabelKeys` into the selectors. */
export function affinityTermsOf(pod: Pod, affinity: PodAffinity | undefined): AffinityTerms {
  if (affinity === undefined) return noTerms;
  const namespace = pod.metadata.namespace ?? '';
  return {
    required: (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
      termOf(term, namespace),
    ),
    preferred: (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
      weightedTermOf(term, namespace),
    ),
  };
}

function weightedTermOf(
  { weight = 0, podAffinityTerm = {} }: WeightedPodAffinityTerm,
  namespace: string,
): WeightedAffinityTerm {
  return { ...termOf(podAffinityTerm, namespace), weight };
}

function termOf(term: PodAffinityTerm, namespace: string): AffinityTerm {
  const { namespaces = [], namespaceSelector, topologyKey = '' } = term;
  const isOwn = namespaces.length === 0 && namespaceSelector === undefined;
  return {
    selector: selectorOf(term.labelSelector),
    topologyKey,
    namespaces: new Set(isOwn ? [namespace] : namespaces),
    namespaceSelector: namespaceSelector === undefined ? null : selectorOf(namespaceSelector),
  };
}

function selectorOf(selector: PodAffinityTerm['labelSelector']): LabelSelector {
  return labelSelectorOf(selector);
}
