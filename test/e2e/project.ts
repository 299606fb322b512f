import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** The project's folder: tests run from dist/test/e2e. */
export const projectDir = resolve(import.meta.dirname, '../../..');

/** The executable that `npm ci` builds. */
export const flotillaBin = join(projectDir, 'bin', 'flotilla');

/**
 * Options for a test that needs programs of the machine: skipped, saying which is missing. With
 * FLOTILLA_REQUIRE_ALL=1 (as in CI) nothing may be missing, and an absent program throws.
 */
export function needs(...programs: readonly string[]): { readonly skip: string | false } {
  const absent = programs.filter((program) => !isOnPath(program));
  return skipBecause(absent.length > 0 && `not on this machine: ${absent.join(', ')}`);
}

/** Like {@link needs}, for any reason that the machine gives. */
export function skipBecause(reason: string | false): { readonly skip: string | false } {
  if (reason !== false && process.env.FLOTILLA_REQUIRE_ALL === '1') {
    throw new Error(`FLOTILLA_REQUIRE_ALL=1, but ${reason}`);
  }
  return { skip: reason };
}

/** Whether a program can be started by its name. */
export function isOnPath(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}
