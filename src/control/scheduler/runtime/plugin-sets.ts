import { defined } from '../../../base/assert.js';
import type { PluginSet, PluginSets } from '../config/scheduler-configuration.js';
import { ConfigurationError } from '../framework/configuration-error.js';
import type { EnabledPlugin, Plugin } from '../framework/plugin.js';
import { implementsPoint, type PluginPoints, type PointName, pointNames } from './plugin-points.js';

const none: PluginSet = { enabled: [], disabled: [] };
const all = '*';

/**
 * What is enabled everywhere: the defaults less those that are disabled, one that is enabled again in the place of its default, the
 * others behind.
 */
export function mergedMultiPoint(
  defaults: readonly EnabledPlugin[],
  { enabled, disabled }: PluginSet = none,
): readonly EnabledPlugin[] {
  const own = new Map(enabled.map((plugin) => [plugin.name, plugin]));
  const kept = disabled.includes(all)
    ? []
    : defaults
        .filter(({ name }) => !disabled.includes(name))
        .map((plugin) => own.get(plugin.name) ?? plugin);
  const names = new Set(kept.map(({ name }) => name));
  return [...kept, ...enabled.filter(({ name }) => !names.has(name))];
}

/** The names of all plugins that a profile needs, each once. */
export function neededPlugins(
  multiPoint: readonly EnabledPlugin[],
  sets: PluginSets,
): readonly string[] {
  const enabled = pointNames.flatMap((point) => sets[point]?.enabled ?? []);
  return [...new Set([...multiPoint, ...enabled].map(({ name }) => name))];
}

/** The plugins at each point, in the order that they are asked in. Throws ConfigurationError. */
export function pointsOf(
  schedulerName: string,
  multiPoint: readonly EnabledPlugin[],
  sets: PluginSets,
  plugins: ReadonlyMap<string, Plugin>,
): PluginPoints {
  const weights = new Map<string, number>();
  for (const { name, weight } of [...multiPoint, ...(sets.score?.enabled ?? [])])
    weights.set(name, weight === undefined || weight === 0 ? 1 : weight);
  const entries = pointNames.map((point) => {
    const names = namesAt(point, multiPoint, sets[point] ?? none, plugins);
    return [point, names.map((name) => defined(plugins.get(name)))] as const;
  });
  const at = Object.fromEntries(entries) as unknown as PluginPoints['at'];
  checkCounts(schedulerName, at);
  return { at, weights };
}

/** Those that the point enables although they are enabled everywhere come first, in the point's order; its own come last. */
function namesAt(
  point: PointName,
  multiPoint: readonly EnabledPlugin[],
  { enabled, disabled }: PluginSet,
  plugins: ReadonlyMap<string, Plugin>,
): readonly string[] {
  const title = `${point.charAt(0).toUpperCase()}${point.slice(1)}Plugin`;
  const own = new Set<string>();
  for (const { name } of enabled) {
    if (!implementsPoint(defined(plugins.get(name)), point))
      throw new ConfigurationError(
        `plugin ${JSON.stringify(name)} does not extend ${title} plugin`,
      );
    if (own.has(name))
      throw new ConfigurationError(
        `plugin ${JSON.stringify(name)} already registered as ${JSON.stringify(title)}`,
      );
    own.add(name);
  }
  const everywhere = disabled.includes(all)
    ? []
    : multiPoint
        .map(({ name }) => name)
        .filter((name) => implementsPoint(defined(plugins.get(name)), point))
        .filter((name) => !disabled.includes(name));
  const both = new Set(everywhere.filter((name) => own.has(name)));
  return [
    ...[...own].filter((name) => both.has(name)),
    ...everywhere.filter((name) => !both.has(name)),
    ...[...own].filter((name) => !both.has(name)),
  ];
}

function checkCounts(schedulerName: string, at: PluginPoints['at']): void {
  const where = `profile with scheduler name ${JSON.stringify(schedulerName)}`;
  const sorters = at.queueSort.length;
  if (sorters !== 1)
    throw new ConfigurationError(
      `only one queue sort plugin required for ${where}, but got ${sorters}`,
    );
  if (at.bind.length === 0)
    throw new ConfigurationError(`at least one bind plugin is needed for ${where}`);
}
