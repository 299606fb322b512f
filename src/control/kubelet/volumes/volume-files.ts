import type { ConfigMap, KeyToPath, Secret } from '../../api/gen/core-v1.js';

/** A file of a volume that is made of objects. */
export interface VolumeFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

/** Which keys become which files. */
export interface FileChoice {
  readonly items: readonly KeyToPath[] | undefined;
  readonly mode: number;
  readonly isOptional: boolean;
}

/** The files of a config map. Throws Error for a key that is not there. Pure. */
export function configMapFiles(map: ConfigMap | null, name: string, choice: FileChoice) {
  if (map === null) return orMissing(choice, `configmap ${JSON.stringify(name)} not found`);
  const contents = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(map.data ?? {})) contents.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(map.binaryData ?? {})) {
    contents.set(key, Buffer.from(text, 'base64'));
  }
  return chosenFiles(contents, choice, 'configmap');
}

/** The files of a secret. Throws Error for a key that is not there. Pure. */
export function secretFiles(secret: Secret | null, name: string, choice: FileChoice) {
  if (secret === null) return orMissing(choice, `secret ${JSON.stringify(name)} not found`);
  const contents = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(secret.data ?? {})) {
    contents.set(key, Buffer.from(text, 'base64'));
  }
  return chosenFiles(contents, choice, 'secret');
}

function orMissing({ isOptional }: FileChoice, message: string): readonly VolumeFile[] {
  if (isOptional) return [];
  throw new Error(message);
}

function chosenFiles(
  contents: ReadonlyMap<string, Uint8Array>,
  { items, mode, isOptional }: FileChoice,
  kind: string,
): readonly VolumeFile[] {
  if (items === undefined || items.length === 0) {
    return [...contents].map(([path, content]) => ({ path, content, mode }));
  }
  return items.flatMap(({ key = '', path = '', mode: own }) => {
    const content = contents.get(key);
    if (content !== undefined) return [{ path, content, mode: own ?? mode }];
    if (isOptional) return [];
    throw new Error(`references non-existent ${kind} key: ${key}`);
  });
}
