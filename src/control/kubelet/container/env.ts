import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../../api/gen/core-v1.js';
import { ContainerConfigError } from './config-error.js';
import { expand } from './expand.js';
import { type FieldPlace, podField, resourceField } from './fields.js';

/** Where environments look things up. Null: it is not there. Rejects when that cannot be found out. */
export interface EnvSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | null>;
  secret(namespace: string, name: string): Promise<Secret | null>;
}

/** What an environment is made of. */
export interface EnvFacts {
  readonly pod: Pod;
  readonly container: Container;
  readonly place: FieldPlace;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Variables about services. */
  readonly services: ReadonlyMap<string, string>;
}

/**
 * The environment of a container: of config maps and secrets as a whole, then variable by variable, each seeing those before it, and those
 * about services where nothing else has their name. Rejects with ContainerConfigError.
 */
export async function containerEnv(
  facts: EnvFacts,
  sources: EnvSources,
): Promise<readonly { readonly name: string; readonly value: string }[]> {
  const { container, services } = facts;
  const env = await envFrom(facts, sources);
  const seen = new Map(env);
  for (const variable of container.env ?? []) {
    const value = await variableValue(
      facts,
      variable,
      sources,
      (name) => seen.get(name) ?? services.get(name),
    );
    if (value === null) continue;
    seen.set(variable.name ?? '', value);
    env.set(variable.name ?? '', value);
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value);
  return [...env].map(([name, value]) => ({ name, value }));
}

async function envFrom(
  { pod, container }: EnvFacts,
  sources: EnvSources,
): Promise<Map<string, string>> {
  const { namespace = '' } = pod.metadata;
  const env = new Map<string, string>();
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const { name = '', optional = false } = configMapRef ?? secretRef ?? {};
    const isMap = configMapRef !== undefined;
    const found = isMap
      ? await sources.configMap(namespace, name)
      : await sources.secret(namespace, name);
    if (found === null) {
      if (optional) continue;
      throw missing(isMap ? 'configmap' : 'secret', name);
    }
    for (const [key, value] of Object.entries(found.data ?? {})) {
      const text = isMap ? value : decoded(value);
      if (isVariableName(prefix + key)) env.set(prefix + key, text);
    }
  }
  return env;
}

/** Null: it is optional, and there is nothing. */
async function variableValue(
  facts: EnvFacts,
  variable: EnvVar,
  sources: EnvSources,
  known: (name: string) => string | undefined,
): Promise<string | null> {
  const { value = '', valueFrom } = variable;
  if (valueFrom === undefined) return expand(value, known);
  const { pod, container, place, allocatable } = facts;
  const { namespace = '' } = pod.metadata;
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return podField(pod, fieldRef.fieldPath ?? '', place);
  if (resourceFieldRef !== undefined) {
    const { containerName = '' } = resourceFieldRef;
    const of = containerName === '' ? container : namedContainer(pod, containerName);
    return resourceField(of, resourceFieldRef, allocatable);
  }
  if (configMapKeyRef !== undefined) {
    const { name = '', key = '', optional = false } = configMapKeyRef;
    const found = await sources.configMap(namespace, name);
    if (found === null) return orMissing(optional, missing('configmap', name));
    const { data = {}, binaryData = {} } = found;
    const binary = binaryData[key];
    const text = data[key] ?? (binary === undefined ? null : decoded(binary));
    return text ?? orMissing(optional, missingKey(key, `ConfigMap ${namespace}/${name}`));
  }
  if (secretKeyRef !== undefined) {
    const { name = '', key = '', optional = false } = secretKeyRef;
    const found = await sources.secret(namespace, name);
    if (found === null) return orMissing(optional, missing('secret', name));
    const text = found.data?.[key];
    if (text !== undefined) return decoded(text);
    return orMissing(optional, missingKey(key, `Secret ${namespace}/${name}`));
  }
  throw new ContainerConfigError(
    `environment variable ${JSON.stringify(variable.name)} has a source that this kubelet does not know`,
  );
}

/** A container of a pod by name. Throws ContainerConfigError. */
export function namedContainer({ spec }: Pod, name: string): Container {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new ContainerConfigError(`container ${name} not found`);
  return found;
}

function orMissing(isOptional: boolean, error: Error): null {
  if (isOptional) return null;
  throw error;
}

function missing(kind: string, name: string): ContainerConfigError {
  return new ContainerConfigError(`${kind} ${JSON.stringify(name)} not found`);
}

function missingKey(key: string, where: string): ContainerConfigError {
  return new ContainerConfigError(`couldn't find key ${key} in ${where}`);
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** Any printable text but `=` (relaxed validation of environment variables). */
function isVariableName(name: string): boolean {
  return name !== '' && !name.includes('=') && /^[\x20-\x7e]+$/.test(name);
}
