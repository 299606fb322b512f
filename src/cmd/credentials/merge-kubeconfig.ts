import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import { readTextIfPresent } from '../../host/state-files.js';
import { writePrivate } from './write-private.js';

/** A kubeconfig that another cannot be merged into. The message names the file. */
export class MergeError extends Error {
  override readonly name = 'MergeError';
}

type Fields = Readonly<Record<string, unknown>>;

const lists = ['clusters', 'users', 'contexts'] as const;

/**
 * Adds the cluster, the user and the context of one kubeconfig to a file, which is made if need be; entries of the same names are replaced,
 * and the context becomes the current one. Rejects with {@link MergeError}.
 */
export async function mergeKubeconfig(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path); // Absent.
  try {
    const merged = mergedKubeconfig((await readTextIfPresent(target)) ?? '', text);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writePrivate(target, merged);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MergeError(`cannot merge into ${path}: ${why}`, { cause: error });
  }
}

/** The text of a kubeconfig with what another one has. Pure; throws Error for what is no kubeconfig. */
export function mergedKubeconfig(into: string, from: string): string {
  const base = fieldsOf(into) ?? { apiVersion: 'v1', kind: 'Config' };
  const added = fieldsOf(from) ?? {};
  const merged: Record<string, unknown> = { ...base };
  for (const list of lists) {
    const news = entriesOf(added, list);
    const names = new Set(news.map(({ name }) => name));
    merged[list] = [...entriesOf(base, list).filter(({ name }) => !names.has(name)), ...news];
  }
  merged['current-context'] = added['current-context'];
  return stringify(merged, { lineWidth: 0 });
}

/** Null for an empty file. */
function fieldsOf(text: string): Fields | null {
  const value: unknown = parse(text);
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object' || Array.isArray(value) || (value as Fields).kind !== 'Config')
    throw new Error('it is no kubeconfig');
  return value as Fields;
}

function entriesOf(config: Fields, list: string): readonly Fields[] {
  const entries = config[list] ?? [];
  if (!Array.isArray(entries)) throw new Error(`its ${list} are no list`);
  return entries as readonly Fields[];
}
