import { parse } from 'yaml';
import { fieldPath, invalidValue, joinFieldErrors } from '../../machinery/field-path.js';
import { ConfigurationError } from '../framework/configuration-error.js';
import { DocumentReader, type Located } from './document-reader.js';
import { readExtenders, withIgnoredResources } from './read-extenders.js';
import { readPercentage, readProfiles } from './read-profiles.js';
import {
  type ClientConnectionConfiguration,
  defaultConfiguration,
  type LeaderElectionConfiguration,
  type SchedulerConfiguration,
} from './scheduler-configuration.js';

const apiVersion = 'kubescheduler.config.k8s.io/v1';
const kind = 'KubeSchedulerConfiguration';

/** `pluginModules` is Flotilla's own; `parallelism` and profiling are read and do nothing: there is one thread. */
const knownFields = [
  ...['apiVersion', 'kind', 'parallelism', 'leaderElection', 'clientConnection'],
  ...['enableProfiling', 'enableContentionProfiling', 'percentageOfNodesToScore'],
  ...['podInitialBackoffSeconds', 'podMaxBackoffSeconds', 'profiles', 'extenders'],
  ...['delayCacheUntilActive', 'pluginModules'],
];

/** Reads a configuration file, YAML or JSON. Throws ConfigurationError, which names all that is wrong. */
export function parseConfiguration(text: string): SchedulerConfiguration {
  const document = parseYaml(text);
  const reader = new DocumentReader();
  const fields = reader.fields({ value: document, path: fieldPath() }, knownFields);
  checkKind(fields);
  const configuration = readAll(reader, fields);
  if (reader.unknownFields.length > 0) {
    const unknown = reader.unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`);
    throw new ConfigurationError(`strict decoding error: ${unknown.join(', ')}`);
  }
  if (reader.errors.length > 0) throw new ConfigurationError(joinFieldErrors(reader.errors));
  return configuration;
}

function parseYaml(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`the file is not YAML: ${reason}`, { cause: error });
  }
}

function checkKind(fields: Readonly<Record<string, Located | undefined>>): void {
  const found = [fields.apiVersion?.value, fields.kind?.value];
  if (found[0] === apiVersion && found[1] === kind) return;
  throw new ConfigurationError(
    `no kind ${JSON.stringify(found[1] ?? '')} is registered for version ` +
      `${JSON.stringify(found[0] ?? '')}; give kind ${kind} of ${apiVersion}`,
  );
}

function readAll(
  reader: DocumentReader,
  fields: Readonly<Record<string, Located | undefined>>,
): SchedulerConfiguration {
  const defaults = defaultConfiguration();
  const percentagePath = fieldPath('percentageOfNodesToScore');
  const extenders = readExtenders(reader, fields.extenders);
  const profiles = readProfiles(reader, fields.profiles) ?? defaults.profiles;
  const configuration: SchedulerConfiguration = {
    leaderElection: readLeaderElection(reader, fields.leaderElection),
    clientConnection: readClientConnection(reader, fields.clientConnection),
    percentageOfNodesToScore:
      readPercentage(reader, fields.percentageOfNodesToScore, percentagePath) ??
      defaults.percentageOfNodesToScore,
    podInitialBackoffSeconds:
      reader.integer(fields.podInitialBackoffSeconds) ?? defaults.podInitialBackoffSeconds,
    podMaxBackoffSeconds:
      reader.integer(fields.podMaxBackoffSeconds) ?? defaults.podMaxBackoffSeconds,
    profiles: profiles.map((profile) => withIgnoredResources(profile, extenders)),
    extenders,
    pluginModules: reader
      .items(fields.pluginModules)
      .flatMap((module) => reader.text(module) ?? []),
  };
  reader.boolean(fields.enableProfiling);
  reader.boolean(fields.enableContentionProfiling);
  reader.boolean(fields.delayCacheUntilActive);
  const parallelism = reader.integer(fields.parallelism) ?? 1;
  checkNumbers(reader, configuration, parallelism);
  return configuration;
}

function checkNumbers(
  { errors }: DocumentReader,
  { podInitialBackoffSeconds: initial, podMaxBackoffSeconds: max }: SchedulerConfiguration,
  parallelism: number,
): void {
  const wrong = (field: string, value: number, text: string) =>
    errors.push(invalidValue(fieldPath(field), value, text));
  if (parallelism <= 0)
    wrong('parallelism', parallelism, 'should be an integer value greater than zero');
  if (initial <= 0) wrong('podInitialBackoffSeconds', initial, 'must be greater than 0');
  if (max < initial) {
    const text = 'must be greater than or equal to PodInitialBackoffSeconds';
    wrong('podMaxBackoffSeconds', max, text);
  }
}

function readLeaderElection(
  reader: DocumentReader,
  located: Located | undefined,
): LeaderElectionConfiguration {
  if (located === undefined) return {};
  const texts = [
    ...(['leaseDuration', 'renewDeadline', 'retryPeriod'] as const),
    ...(['resourceLock', 'resourceName', 'resourceNamespace'] as const),
  ];
  const fields = reader.fields(located, ['leaderElect', ...texts]);
  const leaderElect = reader.boolean(fields.leaderElect);
  const given = texts.flatMap((name) => {
    const value = reader.text(fields[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...(leaderElect === undefined ? {} : { leaderElect }),
    ...Object.fromEntries(given),
  };
}

function readClientConnection(
  reader: DocumentReader,
  located: Located | undefined,
): ClientConnectionConfiguration {
  if (located === undefined) return {};
  const fields = reader.fields(located, [
    ...['kubeconfig', 'acceptContentTypes', 'contentType', 'qps', 'burst'],
  ]);
  const kubeconfig = reader.text(fields.kubeconfig);
  const qps = reader.number(fields.qps);
  const burst = reader.integer(fields.burst);
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(qps === undefined ? {} : { qps }),
    ...(burst === undefined ? {} : { burst }),
  };
}
