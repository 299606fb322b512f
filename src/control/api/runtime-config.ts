import { stabilityOf } from './version-order.js';

/** Decides whether a version of a group, or one resource of it, is served. */
export interface RuntimeConfig {
  isServed(of: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
  }): boolean;
}

/** What is served when nobody asks for more: the versions that are generally available. */
export const defaultRuntimeConfig: RuntimeConfig = parseRuntimeConfig('');

/**
 * Reads the flag `--runtime-config`: `apps/v1=false`, `batch/v1/jobs=true`, and for many at once `api/all`, `api/ga`, `api/beta`,
 * `api/alpha` and `api/legacy`, separated by commas; without `=`, true is meant. The more exact key wins. Throws an Error for what
 * does not read so.
 */
export function parseRuntimeConfig(text: string): RuntimeConfig {
  const wishes = new Map<string, boolean>();
  for (const item of text.split(',').filter((part) => part.trim() !== '')) {
    const [key = '', value = 'true'] = item.trim().split('=', 2);
    if (value !== 'true' && value !== 'false') {
      throw new Error(
        `--runtime-config: "${item}" says neither true nor false; write ${key}=true or ${key}=false`,
      );
    }
    if (!/^[^/]+(\/[^/]+){0,2}$/.test(key)) {
      throw new Error(
        `--runtime-config: "${key}" is not a group and version; write for example batch/v1=true`,
      );
    }
    wishes.set(key, value === 'true');
  }
  return { isServed: (of) => decide(wishes, of) };
}

function decide(
  wishes: ReadonlyMap<string, boolean>,
  of: { readonly group: string; readonly version: string; readonly resource: string },
): boolean {
  const stability = stabilityOf(of.version);
  const groupVersion = of.group === '' ? of.version : `${of.group}/${of.version}`;
  const legacy = of.group === '' ? ['api/legacy'] : [];
  const keys = [`${groupVersion}/${of.resource}`, groupVersion, ...legacy, `api/${stability}`];
  for (const key of [...keys, 'api/all']) {
    const wish = wishes.get(key);
    if (wish !== undefined) return wish;
  }
  return stability === 'ga';
}
