import type { ProfileConfiguration } from '../config/scheduler-configuration.js';
import { ConfigurationError } from '../framework/configuration-error.js';
import type { EnabledPlugin, Plugin, PluginFactory } from '../framework/plugin.js';
import type { SchedulerHandle } from '../framework/scheduler-handle.js';
import type { Nominator } from '../queue/nominator.js';
import { mergedMultiPoint, neededPlugins, pointsOf } from './plugin-sets.js';
import { Profile } from './profile.js';

/** What profiles are built with. */
export interface ProfileParts {
  readonly factories: Readonly<Record<string, PluginFactory>>;
  /** The plugins of a profile that says nothing else. */
  readonly defaults: readonly EnabledPlugin[];
  readonly handle: SchedulerHandle;
  readonly nominator: Nominator;
}

/** Makes the plugins of a profile and puts them in their places. Throws ConfigurationError. */
export function buildProfile(
  { schedulerName, percentageOfNodesToScore, plugins: sets, pluginArguments }: ProfileConfiguration,
  { factories, defaults, handle, nominator }: ProfileParts,
): Profile {
  const multiPoint = mergedMultiPoint(defaults, sets.multiPoint);
  const plugins = new Map<string, Plugin>();
  for (const name of neededPlugins(multiPoint, sets)) {
    const factory = Object.hasOwn(factories, name) ? factories[name] : undefined;
    if (factory === undefined)
      throw new ConfigurationError(
        `profile ${JSON.stringify(schedulerName)}: plugin ${JSON.stringify(name)} does not exist; ` +
          'pluginModules name the modules of plugins that are not built in',
      );
    plugins.set(name, factory(pluginArguments.get(name), handle));
  }
  const points = pointsOf(schedulerName, multiPoint, sets, plugins);
  return new Profile({ name: schedulerName, percentageOfNodesToScore }, points, nominator);
}
