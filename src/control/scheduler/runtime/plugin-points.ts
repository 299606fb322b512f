import { assert } from '../../../base/assert.js';
import type { Plugin } from '../framework/plugin.js';

/** The extension points as configurations name them. */
export const pointNames = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;

/** An extension point. */
export type PointName = (typeof pointNames)[number];

/** Whether a plugin has something to do at a point. */
export function implementsPoint(plugin: Plugin, point: PointName): boolean {
  switch (point) {
    case 'queueSort':
      return plugin.less !== undefined;
    case 'reserve':
      return plugin.reserve !== undefined || plugin.unreserve !== undefined;
    default:
      return plugin[point] !== undefined;
  }
}

/** A plugin at the point of scores. */
export interface Scorer {
  readonly plugin: Plugin & Required<Pick<Plugin, 'score'>>;
  /** At least 1. */
  readonly weight: number;
}

/** The plugins of a profile at each of its points, in their order. */
export interface PluginPoints {
  readonly at: Readonly<Record<PointName, readonly Plugin[]>>;
  readonly weights: ReadonlyMap<string, number>;
}

/** The scorers of a profile. */
export function scorersOf({ at, weights }: PluginPoints): readonly Scorer[] {
  return at.score.map((plugin) => {
    assert(plugin.score !== undefined);
    return { plugin: plugin as Scorer['plugin'], weight: weights.get(plugin.name) ?? 1 };
  });
}
