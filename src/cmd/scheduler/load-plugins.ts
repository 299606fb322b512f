import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError, type PluginFactory } from '../../control/scheduler/index.js';

type Factories = Readonly<Record<string, PluginFactory>>;

/**
 * The plugins of the modules that a configuration names: each exports `plugins`, factories by name. Paths begin with `.` or `/` and are
 * relative to the configuration's file; all else are packages. Rejects with ConfigurationError.
 */
export async function loadPlugins(
  modules: readonly string[],
  { configFile, builtIn }: { readonly configFile: string; readonly builtIn: Factories },
): Promise<Factories> {
  const factories = new Map(Object.entries(builtIn));
  for (const module of modules) {
    for (const [name, factory] of Object.entries(await load(module, configFile))) {
      if (factories.has(name))
        throw new ConfigurationError(
          `pluginModules: ${JSON.stringify(module)} has a plugin ${JSON.stringify(name)}, a name that is taken`,
        );
      factories.set(name, factory);
    }
  }
  return Object.fromEntries(factories);
}

async function load(module: string, configFile: string): Promise<Factories> {
  const isPath = module.startsWith('.') || module.startsWith('/');
  const specifier = isPath ? pathToFileURL(resolve(dirname(configFile), module)).href : module;
  const loaded: unknown = await import(specifier).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `pluginModules: ${JSON.stringify(module)} cannot be loaded: ${reason}`,
      { cause: error },
    );
  });
  const { plugins } = loaded as { readonly plugins?: unknown };
  const isTable =
    typeof plugins === 'object' &&
    plugins !== null &&
    Object.values(plugins).every((factory) => typeof factory === 'function');
  if (!isTable)
    throw new ConfigurationError(
      `pluginModules: ${JSON.stringify(module)} exports no \`plugins\`: an object of factories by name`,
    );
  return plugins as Factories;
}
