import { goDurationMs, goDurationProblem } from '../../api/batch-v1/go-duration.js';
import { invalidValue } from '../../machinery/field-path.js';
import { qualifiedNameProblems } from '../../machinery/names.js';
import type { DocumentReader, Located } from './document-reader.js';
import type {
  ExtenderConfiguration,
  ExtenderTls,
  ManagedResource,
  ProfileConfiguration,
} from './scheduler-configuration.js';

const fitPlugin = 'NodeResourcesFit';
const timeoutMsDefault = 5000;
const verbs = ['filterVerb', 'preemptVerb', 'prioritizeVerb', 'bindVerb'] as const;
const tlsTexts = [
  ...(['serverName', 'certFile', 'keyFile', 'caFile', 'certData', 'keyData', 'caData'] as const),
];

/** The extenders of a document. */
export function readExtenders(
  reader: DocumentReader,
  located: Located | undefined,
): readonly ExtenderConfiguration[] {
  const items = reader.items(located);
  const seen = new Set<string>();
  const extenders = items.map((item) => readExtender(reader, item, seen));
  const binders = extenders.filter(({ bindVerb }) => bindVerb !== '').length;
  if (located !== undefined && binders > 1) {
    const value = `found ${binders} extenders implementing bind`;
    reader.errors.push(invalidValue(located.path, value, 'only one extender can implement bind'));
  }
  return extenders;
}

/** A profile whose NodeResourcesFit does not count what extenders count instead of it. */
export function withIgnoredResources(
  profile: ProfileConfiguration,
  extenders: readonly ExtenderConfiguration[],
): ProfileConfiguration {
  const ignored = extenders.flatMap(({ managedResources }) =>
    managedResources.flatMap(({ name, ignoredByScheduler }) => (ignoredByScheduler ? [name] : [])),
  );
  if (ignored.length === 0) return profile;
  const args = (profile.pluginArguments.get(fitPlugin) ?? {}) as {
    readonly ignoredResources?: unknown;
  };
  const known = Array.isArray(args.ignoredResources) ? args.ignoredResources : [];
  const pluginArguments = new Map(profile.pluginArguments);
  pluginArguments.set(fitPlugin, { ...args, ignoredResources: [...known, ...ignored] });
  return { ...profile, pluginArguments };
}

function readExtender(
  reader: DocumentReader,
  located: Located,
  seen: Set<string>,
): ExtenderConfiguration {
  const fields = reader.fields(located, [
    ...verbs,
    ...['urlPrefix', 'weight', 'enableHTTPS', 'tlsConfig', 'httpTimeout'],
    ...['nodeCacheCapable', 'managedResources', 'ignorable'],
  ]);
  const text = (name: string) => reader.text(fields[name]) ?? '';
  const prioritizeVerb = text('prioritizeVerb');
  const weight = reader.integer(fields.weight) ?? 0;
  if (prioritizeVerb !== '' && weight <= 0) {
    const problem = 'must have a positive weight applied to it';
    reader.errors.push(invalidValue(located.path.child('weight'), weight, problem));
  }
  return {
    ...{ urlPrefix: text('urlPrefix'), filterVerb: text('filterVerb') },
    ...{ preemptVerb: text('preemptVerb'), prioritizeVerb, bindVerb: text('bindVerb'), weight },
    enableHttps: reader.boolean(fields.enableHTTPS) ?? false,
    tls: readTls(reader, fields.tlsConfig),
    timeoutMs: readTimeout(reader, fields.httpTimeout),
    nodeCacheCapable: reader.boolean(fields.nodeCacheCapable) ?? false,
    managedResources: reader
      .items(fields.managedResources)
      .map((item) => readResource(reader, item, seen)),
    ignorable: reader.boolean(fields.ignorable) ?? false,
  };
}

function readTls(reader: DocumentReader, located: Located | undefined): ExtenderTls {
  const fields = located === undefined ? {} : reader.fields(located, ['insecure', ...tlsTexts]);
  const texts = tlsTexts.map((name) => [name, reader.text(fields[name]) ?? ''] as const);
  return {
    insecure: reader.boolean(fields.insecure) ?? false,
    ...(Object.fromEntries(texts) as Record<(typeof tlsTexts)[number], string>),
  };
}

/** As in Kubernetes, 0 is a time that was not given; less than that is no time either. */
function readTimeout(reader: DocumentReader, located: Located | undefined): number {
  const text = reader.text(located);
  if (located === undefined || text === undefined) return timeoutMsDefault;
  const problem = goDurationProblem(text);
  if (problem !== undefined) {
    reader.errors.push(invalidValue(located.path, text, problem));
    return timeoutMsDefault;
  }
  const timeoutMs = goDurationMs(text);
  return timeoutMs > 0 ? timeoutMs : timeoutMsDefault;
}

function readResource(
  reader: DocumentReader,
  located: Located,
  seen: Set<string>,
): ManagedResource {
  const fields = reader.fields(located, ['name', 'ignoredByScheduler']);
  const name = reader.text(fields.name) ?? '';
  const path = located.path.child('name');
  for (const problem of resourceProblems(name))
    reader.errors.push(invalidValue(path, name, problem));
  if (seen.has(name)) {
    reader.errors.push(invalidValue(path, name, 'duplicate extender managed resource name'));
  }
  seen.add(name);
  return { name, ignoredByScheduler: reader.boolean(fields.ignoredByScheduler) ?? false };
}

function resourceProblems(name: string): readonly string[] {
  const problems = qualifiedNameProblems(name);
  if (problems.length > 0) return problems;
  const [domain = ''] = name.split('/');
  const isNative =
    !name.includes('/') || domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io');
  const isExtended =
    !isNative &&
    !name.startsWith('requests.') &&
    qualifiedNameProblems(`requests.${name}`).length === 0;
  return isExtended ? [] : ['is an invalid extended resource name'];
}
