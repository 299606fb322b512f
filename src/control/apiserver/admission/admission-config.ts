import { parse } from 'yaml';
import type { Toleration } from '../../api/gen/core-v1.js';
import type { PluginOptions } from './create-plugins.js';
import { type ImagePolicySettings, imagePolicySettings } from './image-policy/settings.js';
import type { EventLimit } from './plugins/event-rate-limit.js';
import {
  type Level,
  type LevelVersion,
  levels,
  parseLevel,
  parseVersion,
} from './pod-security/level-version.js';
import type { PodSecurityOptions } from './pod-security/plugin.js';
import type { LimitedResource } from './quota/limited-resources.js';

/** An admission configuration that cannot be used. */
export class AdmissionConfigError extends Error {
  override readonly name = 'AdmissionConfigError';
}

/** What plugins can be configured with by file; each is there when the file has it. */
export type ConfiguredOptions = Partial<
  Pick<
    PluginOptions,
    'podSecurity' | 'podNodeSelector' | 'podTolerations' | 'eventRateLimit' | 'limitedResources'
  > & {
    readonly imagePolicy: ImagePolicySettings;
    /** The kubeconfigs that say as whom webhooks are asked. */
    readonly mutatingWebhooksFile: string;
    readonly validatingWebhooksFile: string;
  }
>;

type Fields = Readonly<Record<string, unknown>>;

const readers: Readonly<Record<string, (config: Fields) => ConfiguredOptions>> = {
  PodSecurity: (config) => ({ podSecurity: podSecurityOf(config) }),
  PodNodeSelector: (config) => ({ podNodeSelector: podNodeSelectorOf(config) }),
  PodTolerationRestriction: (config) => ({
    podTolerations: {
      defaults: listOf(config.default, 'default') as readonly Toleration[],
      allowed: listOf(config.whitelist, 'whitelist') as readonly Toleration[],
    },
  }),
  EventRateLimit: (config) => ({
    eventRateLimit: { limits: listOf(config.limits, 'limits').map(eventLimitOf) },
  }),
  ResourceQuota: (config) => ({
    limitedResources: listOf(config.limitedResources, 'limitedResources').map(limitedResourceOf),
  }),
  MutatingAdmissionWebhook: (config) => ({ mutatingWebhooksFile: kubeconfigFileOf(config) }),
  ValidatingAdmissionWebhook: (config) => ({ validatingWebhooksFile: kubeconfigFileOf(config) }),
  ImagePolicyWebhook: (config) => ({
    imagePolicy: imagePolicySettings(config, (why) => {
      throw new AdmissionConfigError(why);
    }),
  }),
};

/**
 * Reads an --admission-control-config-file (AdmissionConfiguration). A plugin's configuration stands in it, or in a file of its own that
 * `readFile` reads. Rejects with {@link AdmissionConfigError}.
 */
export async function readAdmissionConfig(
  text: string,
  readFile: (path: string) => Promise<string>,
): Promise<ConfiguredOptions> {
  const config = fieldsOf(parseYaml(text), 'the file');
  if (config.kind !== 'AdmissionConfiguration')
    throw new AdmissionConfigError('the file is no AdmissionConfiguration: give its kind');
  let options: ConfiguredOptions = {};
  for (const [index, entry] of listOf(config.plugins, 'plugins').entries()) {
    const { name, path, configuration } = fieldsOf(entry, `plugins[${index}]`);
    const reader = readers[String(name)];
    if (reader === undefined) {
      throw new AdmissionConfigError(
        `plugins[${index}]: ${JSON.stringify(name)} takes no configuration here; ${Object.keys(readers).join(', ')} do`,
      );
    }
    const own =
      typeof path === 'string' && path !== '' ? parseYaml(await readFile(path)) : configuration;
    options = { ...options, ...reader(fieldsOf(own, `the configuration of ${String(name)}`)) };
  }
  return options;
}

function podSecurityOf({ defaults, exemptions }: Fields): PodSecurityOptions {
  const fields = fieldsOf(defaults ?? {}, 'defaults');
  const exempt = fieldsOf(exemptions ?? {}, 'exemptions');
  const texts = (field: string) => listOf(exempt[field], `exemptions.${field}`).map(String);
  const of = (mode: string): LevelVersion => ({
    level: levelOf(fields[mode], `defaults.${mode}`),
    version: versionOf(fields[`${mode}-version`], `defaults.${mode}-version`),
  });
  return {
    defaults: { enforce: of('enforce'), audit: of('audit'), warn: of('warn') },
    exemptUsernames: texts('usernames'),
    exemptNamespaces: texts('namespaces'),
    exemptRuntimeClasses: texts('runtimeClasses'),
  };
}

function levelOf(value: unknown, path: string): Level {
  if (value === undefined || value === '') return 'privileged';
  const level = parseLevel(String(value));
  if (level !== undefined) return level;
  throw new AdmissionConfigError(
    `${path}: Invalid value: ${JSON.stringify(value)}: must be one of ${levels.join(', ')}`,
  );
}

function versionOf(value: unknown, path: string): LevelVersion['version'] {
  if (value === undefined || value === '') return 'latest';
  const version = parseVersion(String(value));
  if (version !== undefined) return version;
  throw new AdmissionConfigError(
    `${path}: Invalid value: ${JSON.stringify(value)}: must be "latest" or "v1.x"`,
  );
}

/** By namespace the selector that its pods may use; `clusterDefaultNodeSelector` is everybody's. */
function podNodeSelectorOf(config: Fields): PluginOptions['podNodeSelector'] {
  const selectors = fieldsOf(
    config.podNodeSelectorPluginConfig ?? {},
    'podNodeSelectorPluginConfig',
  );
  const entries = Object.entries(selectors).map(
    ([namespace, text]) => [namespace, labelsOf(String(text))] as const,
  );
  const { clusterDefaultNodeSelector = {}, ...allowed } = Object.fromEntries(entries);
  return { clusterDefault: clusterDefaultNodeSelector, allowed };
}

function labelsOf(text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value] = pair.split('=').map((part) => part.trim());
      if (key === '' || value === undefined)
        throw new AdmissionConfigError(`${JSON.stringify(text)} is no selector of key=value pairs`);
      return [key, value] as const;
    }),
  );
}

const limitTypes = ['Server', 'Namespace', 'User', 'SourceAndObject'] as const;

function eventLimitOf(entry: unknown, index: number): EventLimit {
  const { type, qps, burst, cacheSize } = fieldsOf(entry, `limits[${index}]`);
  const known = limitTypes.find((each) => each === type);
  if (known === undefined) {
    throw new AdmissionConfigError(
      `limits[${index}].type: Unsupported value: ${JSON.stringify(type)}: supported values: ${limitTypes.map((each) => `"${each}"`).join(', ')}`,
    );
  }
  const positive = (value: unknown, field: string): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
    throw new AdmissionConfigError(
      `limits[${index}].${field}: Invalid value: ${JSON.stringify(value ?? 0)}: must be positive`,
    );
  };
  return {
    type: known,
    qps: positive(qps, 'qps'),
    burst: positive(burst, 'burst'),
    cacheSize: cacheSize === undefined ? 4096 : positive(cacheSize, 'cacheSize'),
  };
}

function kubeconfigFileOf({ kubeConfigFile = '' }: Fields): string {
  if (
    typeof kubeConfigFile === 'string' &&
    (kubeConfigFile === '' || kubeConfigFile.startsWith('/'))
  )
    return kubeConfigFile;
  throw new AdmissionConfigError(
    `kubeConfigFile must be an absolute file path, but ${JSON.stringify(kubeConfigFile)} is not`,
  );
}

function limitedResourceOf(entry: unknown, index: number): LimitedResource {
  const path = `limitedResources[${index}]`;
  const { apiGroup, resource, matchContains, matchScopes } = fieldsOf(entry, path);
  if (typeof resource !== 'string' || resource === '')
    throw new AdmissionConfigError(`${path}.resource: Required value`);
  return {
    group: typeof apiGroup === 'string' ? apiGroup : '',
    resource,
    matchContains: listOf(matchContains, `${path}.matchContains`).map(String),
    matchScopes: listOf(matchScopes, `${path}.matchScopes`).map((scope, at) =>
      scopeOf(scope, `${path}.matchScopes[${at}]`),
    ),
  };
}

const scopeOperators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function scopeOf(scope: unknown, path: string): LimitedResource['matchScopes'][number] {
  const { scopeName, operator, values } = fieldsOf(scope, path);
  if (typeof scopeName !== 'string' || scopeName === '')
    throw new AdmissionConfigError(`${path}.scopeName: Required value`);
  if (!scopeOperators.includes(String(operator)))
    throw new AdmissionConfigError(
      `${path}.operator: Unsupported value: ${JSON.stringify(operator ?? '')}: supported values: ${scopeOperators.map((each) => `"${each}"`).join(', ')}`,
    );
  const texts = listOf(values, `${path}.values`).map(String);
  return { scopeName, operator: String(operator), values: texts };
}

function parseYaml(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new AdmissionConfigError('the file is no YAML', { cause: error });
  }
}

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new AdmissionConfigError(`${path}: an object is required`);
}

function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new AdmissionConfigError(`${path}: a list is required`);
}
