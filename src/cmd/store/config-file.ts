import { parse, YAMLParseError } from 'yaml';
import { UsageError } from '../usage-error.js';
import { storeFlags } from './flags.js';
import { type ParsedFlags, parsedFlags } from './parse.js';

/** etcd's sections of its configuration file, with what stands before their keys in the names of flags. */
const sections: Readonly<Record<string, string>> = {
  'client-transport-security': '',
  'peer-transport-security': 'peer-',
};

/** Keys of the sections that are not the rest of a flag's name. */
const otherNames: Readonly<Record<string, string>> = {
  'peer-allowed-cn': 'peer-cert-allowed-cn',
  'peer-allowed-hostname': 'peer-cert-allowed-hostname',
  'allowed-hostname': 'client-cert-allowed-hostname',
};

/**
 * Reads a configuration file of etcd's (YAML or JSON; `--config-file`): the names of flags, those of TLS in two sections. What is in
 * no flag's name is refused, which etcd passes over. Throws UsageError that names the file.
 */
export function parseConfigFile(path: string, text: string): ParsedFlags {
  const wrong = (why: string, cause?: unknown) =>
    new UsageError(`--config-file=${path}: ${why}`, cause === undefined ? {} : { cause });
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw wrong(error.message, error);
  }
  const given = new Map<string, string>();
  const take = (name: string, key: string, value: unknown) => {
    if (value === null || value === undefined) return;
    if (!storeFlags.some((flag) => flag.name === name)) throw wrong(`${key} is not known`);
    const text = textOf(value);
    if (text === null) throw wrong(`the value of ${key} is neither text, a number nor a list`);
    given.set(name, text);
  };
  for (const [key, value] of Object.entries(fieldsOf(document) ?? {})) {
    const prefix = sections[key];
    if (prefix === undefined) {
      take(key, key, value);
      continue;
    }
    for (const [name, inner] of Object.entries(fieldsOf(value) ?? {})) {
      const flag = `${prefix}${name}`;
      take(otherNames[flag] ?? flag, `${key}.${name}`, inner);
    }
  }
  if (document !== null && fieldsOf(document) === null) throw wrong('it holds no settings');
  return parsedFlags((flag) => given.get(flag.name));
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : null;
}

/** As it would be given on the command line. */
function textOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.map(String).join(',');
  return typeof value === 'object' ? null : String(value);
}
