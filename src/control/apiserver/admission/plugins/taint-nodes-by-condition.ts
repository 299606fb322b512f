import type { Node } from '../../../api/gen/core-v1.js';
import { definePlugin, isAbout, newObject } from '../plugin.js';

const key = 'node.kubernetes.io/not-ready';
const effect = 'NoSchedule';

/** A new node is not ready until its conditions say that it is: nothing is scheduled to it before. */
export const taintNodesByCondition = definePlugin('TaintNodesByCondition', ['CREATE'], {
  mutate(request) {
    if (!isAbout(request, 'nodes')) return;
    const node = newObject<Node>(request);
    if (node === null) return;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (taints.some((taint) => taint.key === key && taint.effect === effect)) return;
    node.spec.taints = [...taints, { key, effect }];
  },
});
