import type {
  DownwardAPIVolumeFile,
  Pod,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../../api/gen/core-v1.js';
import { namedContainer } from '../container/env.js';
import { type FieldPlace, podField, resourceField } from '../container/fields.js';
import type { ReferencedObjects } from './referenced-objects.js';
import type { TokenSource } from './token-source.js';
import { configMapFiles, secretFiles, type VolumeFile } from './volume-files.js';

/** Where volumes of objects get what is in them. */
export interface ObjectVolumeSources {
  readonly objects: ReferencedObjects;
  readonly tokens: TokenSource;
  readonly place: FieldPlace;
  readonly allocatable: Readonly<Record<string, string>>;
  /** How old what is known of config maps and secrets may be. */
  readonly ageMsMax: number;
}

const modeDefault = 0o644;
/** A token is its owner's alone, and its group's where the pod has one. */
const tokenMode = 0o600;
const sharedTokenMode = 0o640;

/** The files of a volume that is made of objects; null: it is of another kind. Rejects with Error. */
export function objectVolumeFiles(
  pod: Pod,
  volume: Volume,
  sources: ObjectVolumeSources,
): Promise<readonly VolumeFile[]> | null {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    const { defaultMode, ...projection } = configMap;
    return new Projection(pod, sources, defaultMode).of({ configMap: projection });
  }
  if (secret !== undefined) {
    const { defaultMode, secretName = '', items, optional = false } = secret;
    const projection = { name: secretName, optional, ...(items === undefined ? {} : { items }) };
    return new Projection(pod, sources, defaultMode).of({ secret: projection });
  }
  if (downwardAPI !== undefined) {
    const { defaultMode, ...projection } = downwardAPI;
    return new Projection(pod, sources, defaultMode).of({ downwardAPI: projection });
  }
  return projected === undefined ? null : projectedFiles(pod, projected, sources);
}

async function projectedFiles(
  pod: Pod,
  { sources: parts = [], defaultMode }: ProjectedVolumeSource,
  sources: ObjectVolumeSources,
): Promise<readonly VolumeFile[]> {
  const projection = new Projection(pod, sources, defaultMode);
  const byPath = new Map<string, VolumeFile>();
  for (const part of parts) {
    for (const file of await projection.of(part)) byPath.set(file.path, file);
  }
  return [...byPath.values()];
}

class Projection {
  readonly #pod: Pod;
  readonly #sources: ObjectVolumeSources;
  readonly #mode: number;

  constructor(pod: Pod, sources: ObjectVolumeSources, mode: number | undefined) {
    this.#pod = pod;
    this.#sources = sources;
    this.#mode = mode ?? modeDefault;
  }

  async of(part: VolumeProjection): Promise<readonly VolumeFile[]> {
    const { namespace = '' } = this.#pod.metadata;
    const { objects, tokens, ageMsMax } = this.#sources;
    const { configMap, secret, downwardAPI, serviceAccountToken } = part;
    if (configMap !== undefined) {
      const { name = '', items, optional: isOptional = false } = configMap;
      const found = await objects.configMap(namespace, name, ageMsMax);
      return configMapFiles(found, name, { items, mode: this.#mode, isOptional });
    }
    if (secret !== undefined) {
      const { name = '', items, optional: isOptional = false } = secret;
      const found = await objects.secret(namespace, name, ageMsMax);
      return secretFiles(found, name, { items, mode: this.#mode, isOptional });
    }
    if (downwardAPI !== undefined)
      return (downwardAPI.items ?? []).map((item) => this.#field(item));
    if (serviceAccountToken !== undefined) {
      const token = await tokens.tokenFor(this.#pod, serviceAccountToken);
      const { path = '' } = serviceAccountToken;
      return [{ path, content: Buffer.from(token), mode: this.#tokenMode() }];
    }
    const [kind = 'nothing'] = Object.keys(part);
    throw new Error(`projections of ${kind} are not supported by this node`);
  }

  #field({ path = '', mode, fieldRef, resourceFieldRef }: DownwardAPIVolumeFile): VolumeFile {
    const { place, allocatable } = this.#sources;
    let text = '';
    if (fieldRef !== undefined) text = podField(this.#pod, fieldRef.fieldPath ?? '', place);
    else if (resourceFieldRef !== undefined) {
      const container = namedContainer(this.#pod, resourceFieldRef.containerName ?? '');
      text = resourceField(container, resourceFieldRef, allocatable);
    }
    return { path, content: Buffer.from(text), mode: mode ?? this.#mode };
  }

  /** Containers that do not run as root read theirs too. */
  #tokenMode(): number {
    const { securityContext, containers = [] } = this.#pod.spec ?? {};
    if (securityContext?.fsGroup !== undefined) return sharedTokenMode;
    const users = containers.map(
      (each) => each.securityContext?.runAsUser ?? securityContext?.runAsUser ?? 0,
    );
    return users.every((user) => user === 0) ? tokenMode : modeDefault;
  }
}
