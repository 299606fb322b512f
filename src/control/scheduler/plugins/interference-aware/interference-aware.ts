import type { NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { Plugin } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { maxScore } from '../normalize-scores.js';
import { unschedulable } from '../statuses.js';
import { interferenceArgs } from './interference-args.js';
import { MeasuredLoads } from './measured-loads.js';
import { annotatedLoad, utilization } from './node-load.js';

const tooBusy = unschedulable('node(s) were too busy, by their measured load');
/** Of nodes whose load is not known: neither good nor bad. */
const unknownScore = 50;

/** Spreads pods by what nodes are measured to use, so that they disturb each other less; see the arguments. */
export function interferenceAware(args: unknown, handle: SchedulerHandle): Plugin {
  const parsed = interferenceArgs(args);
  const { maxUtilization, targetUtilization, maxAgeSeconds, source, refreshSeconds } = parsed;
  const measured = source === 'metrics' ? new MeasuredLoads(handle, refreshSeconds) : null;

  /** In percent with the pod; null when it is not known. */
  function busyness(pod: PodInfo, node: NodeInfo): number | null {
    const load = measured === null ? annotatedLoad(node.node) : measured.loads.get(node.name);
    if (load === null || load === undefined) return null;
    if (handle.clock.wallTime() - load.timeMs > maxAgeSeconds * 1000) return null;
    return utilization(node, load, pod);
  }

  return {
    name: 'InterferenceAware',
    eventsToRegister: () => [
      { resource: 'Node', actions: ['add', 'update-node-annotation'] },
      { resource: 'AssignedPod', actions: ['delete'] },
    ],
    preFilter: () => (maxUtilization < 100 ? null : 'skip'),
    filter(_, pod, node) {
      const busy = busyness(pod, node);
      return busy !== null && busy > maxUtilization ? tooBusy : null;
    },
    score(_, pod, node) {
      const busy = busyness(pod, node);
      if (busy === null) return unknownScore;
      if (busy >= targetUtilization) return 0;
      return Math.floor((maxScore * (targetUtilization - busy)) / targetUtilization);
    },
  };
}
