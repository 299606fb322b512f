import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A stock kubectl of this machine. */
export interface Kubectl {
  /** `1.27`. */
  readonly version: string;
  readonly path: string;
}

/** The versions that must work, oldest first. */
export const wantedVersions = ['1.27', '1.30', '1.33', '1.36'] as const;

/**
 * The kubectl of a version: named by KUBECTL_1_27 and so on, or found in a folder of PATH as `kubectl` of that version or as
 * `kubectl.1.27`, as the Google Cloud SDK names its older ones. Null when there is none.
 */
export function findKubectl(version: string): Kubectl | null {
  const named = process.env[`KUBECTL_${version.replace('.', '_')}`];
  if (named !== undefined) return { version, path: named };
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const paths = folders.flatMap((folder) => [
    join(folder, `kubectl.${version}`),
    join(folder, 'kubectl'),
  ]);
  const path = paths.find((each) => existsSync(each) && versionOf(each) === version);
  return path === undefined ? null : { version, path };
}

/** Those of the wanted versions that this machine has, oldest first. */
export function foundKubectls(): readonly Kubectl[] {
  return wantedVersions.map(findKubectl).filter((found) => found !== null);
}

/** Compares versions such as `1.9` and `1.27` by their numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (const [i, part] of (left ?? []).entries()) {
    const difference = part - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const versions = new Map<string, string | null>();

function versionOf(path: string): string | null {
  const known = versions.get(path);
  if (known !== undefined) return known;
  const version = askVersion(path);
  versions.set(path, version);
  return version;
}

function askVersion(path: string): string | null {
  try {
    const text = execFileSync(path, ['version', '--client', '-o', 'json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /"gitVersion": "v(\d+\.\d+)\./.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}
