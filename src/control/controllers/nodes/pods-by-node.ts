import type { Pod } from '../../api/gen/core-v1.js';

/** Name of an index of informers: pods by the node that they are bound to. */
export const podsByNode = 'pods-by-node';

/** The index that finds the pods of a node; for `SharedInformers.of`. */
export const podsByNodeIndex = {
  [podsByNode]: ({ spec }: Pod): readonly string[] => (spec?.nodeName ? [spec.nodeName] : []),
} as const;
