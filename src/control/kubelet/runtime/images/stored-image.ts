import type { ImageDefaults } from './image-source.js';

/** An image in the store's index. */
export interface StoredImage {
  /** Of its configuration: what identifies it. */
  readonly id: string;
  /** Whether it was imported, and then no registry is asked for it. Absent: it was. */
  readonly origin?: 'import' | 'registry';
  /** Whole names with tags. */
  readonly tags: readonly string[];
  /** Whole names with the manifest's digest. */
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The name of its directory of unpacked files. */
  readonly rootfs: string;
  readonly defaults: ImageDefaults;
}

/** Reads what an image's configuration (OCI image specification, config.md) says of its containers. */
export function defaultsOf(configuration: unknown): ImageDefaults {
  const config = recordOf(recordOf(configuration).config);
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    entrypoint: texts(config.Entrypoint),
    command: texts(config.Cmd),
    env: texts(config.Env),
    workingDir: text(config.WorkingDir),
    user: text(config.User),
    stopSignal: text(config.StopSignal),
  };
}

/** The digests of the unpacked layers, in order. */
export function diffIdsOf(configuration: unknown): readonly string[] {
  const ids = recordOf(recordOf(configuration).rootfs).diff_ids;
  return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
}

/** A value as an object; what is none is empty. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** A list of a malformed document is empty. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
