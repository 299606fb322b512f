import type { NodeInfo, PodInfo } from '../../framework/node-info.js';
import type { ScoringStrategy, ShapePoint } from './fit-args.js';
import { percentage } from './percentage.js';
import { amountFor, scoredRequest, scoredUse } from './resource-names.js';

/** Scores one resource: how much is asked for with the pod, of how much. From 0 to 100. */
type ResourceScore = (requested: number, capacity: number) => number;

/** The score of a node, from 0 to 100: the weighted mean of the scores of its resources, in whole numbers. */
export function fitScorer({
  type,
  resources,
  shape,
}: ScoringStrategy): (pod: PodInfo, node: NodeInfo) => number {
  const isRatio = type === 'RequestedToCapacityRatio';
  const scoreOf: ResourceScore = isRatio
    ? ratioScore(shape)
    : type === 'MostAllocated'
      ? mostAllocated
      : leastAllocated;
  return (pod, node) => {
    let sum = 0;
    let weights = 0;
    for (const resource of resources) {
      const request = scoredRequest(pod, resource);
      // Who does not ask for a scalar resource is not compared by it.
      if (request === 0 && resource.kind === 'scalar') continue;
      const capacity = amountFor(node.allocatable, resource);
      if (capacity === 0) continue;
      const score = scoreOf(scoredUse(node, resource) + request, capacity);
      // A ratio that scores nothing has no weight either.
      if (isRatio && score <= 0) continue;
      sum += score * resource.weight;
      weights += resource.weight;
    }
    if (weights === 0) return 0;
    return isRatio ? Math.round(sum / weights) : Math.floor(sum / weights);
  };
}

const leastAllocated: ResourceScore = (requested, capacity) =>
  requested > capacity ? 0 : percentage(capacity - requested, capacity);

const mostAllocated: ResourceScore = (requested, capacity) =>
  percentage(Math.min(requested, capacity), capacity);

function ratioScore(shape: readonly ShapePoint[]): ResourceScore {
  const scoreAt = brokenLine(
    shape.map(({ utilization, score }) => ({ utilization, score: score * 10 })),
  );
  return (requested, capacity) =>
    scoreAt(requested > capacity ? 100 : percentage(requested, capacity));
}

/** Between two points the score lies on the line through them, cut off to whole numbers; outside it is that of the nearest point. */
export function brokenLine(shape: readonly ShapePoint[]): (utilization: number) => number {
  return (utilization) => {
    let last: ShapePoint | null = null;
    for (const point of shape) {
      if (utilization <= point.utilization) {
        if (last === null) return point.score;
        const rise = (point.score - last.score) * (utilization - last.utilization);
        return last.score + Math.trunc(rise / (point.utilization - last.utilization));
      }
      last = point;
    }
    return last?.score ?? 0;
  };
}
