import { parse } from 'yaml';
import { parseGoDuration } from '../../../base/go-duration.js';

/** A configuration file that cannot be used: the text says which field is wrong, and why. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Fields = Readonly<Record<string, unknown>>;

/** The group of the API server's own configuration files. */
const group = 'apiserver.config.k8s.io';

/**
 * An object of a configuration file, of which each field is asked for by its type: what is of another type, or is not asked for, is
 * refused. Absent is what is not there or null.
 */
export class ConfigObject {
  readonly #fields: Fields;
  readonly #path: string;
  readonly #asked = new Set<string>();

  private constructor(fields: Fields, path: string) {
    this.#fields = fields;
    this.#path = path;
  }

  /** Reads a file of a kind in one of these versions. Throws {@link ConfigError}. */
  static parse(text: string, kind: string, versions: readonly string[]): ConfigObject {
    let value: unknown;
    try {
      value = parse(text);
    } catch (error) {
      throw new ConfigError('the file is no YAML', { cause: error });
    }
    const root = new ConfigObject(fieldsOf(value, 'the file'), '');
    const apiVersion = root.text('apiVersion');
    const known = versions.map((version) => `${group}/${version}`);
    if (root.text('kind') !== kind || !known.includes(apiVersion))
      throw new ConfigError(
        `the file is no ${kind} of ${known.join(' or ')}: it has apiVersion ${JSON.stringify(apiVersion)}, kind ${JSON.stringify(root.text('kind'))}`,
      );
    return root;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined;
  }

  /** '' when it is absent. */
  text(name: string): string {
    return this.optionalText(name) ?? '';
  }

  /** Undefined when it is absent. */
  optionalText(name: string): string | undefined {
    const value = this.#value(name);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(name, 'a text');
  }

  texts(name: string): readonly string[] {
    const value = this.#value(name) ?? [];
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
    throw this.#wrong(name, 'a list of texts');
  }

  flag(name: string, absent: boolean): boolean {
    const value = this.#value(name) ?? absent;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(name, 'true or false');
  }

  /** Milliseconds; 0 when it is absent. */
  durationMs(name: string): number {
    const text = this.text(name);
    const ms = text === '' ? 0 : parseGoDuration(text);
    if (ms === null) throw this.#wrong(name, 'a duration such as 3s');
    return ms;
  }

  /** Null when it is absent. */
  object(name: string): ConfigObject | null {
    const value = this.#value(name);
    const path = this.#pathOf(name);
    return value === undefined ? null : new ConfigObject(fieldsOf(value, path), path);
  }

  objects(name: string): readonly ConfigObject[] {
    const value = this.#value(name) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list');
    return value.map((each, index) => {
      const path = `${this.#pathOf(name)}[${index}]`;
      return new ConfigObject(fieldsOf(each, path), path);
    });
  }

  /** Refuses fields that nobody has asked for. Throws {@link ConfigError}. */
  end(): void {
    const unknown = Object.keys(this.#fields).find((name) => !this.#asked.has(name));
    if (unknown !== undefined)
      throw new ConfigError(
        `strict decoding error: unknown field ${JSON.stringify(this.#pathOf(unknown))}`,
      );
  }

  #value(name: string): unknown {
    this.#asked.add(name);
    return this.#fields[name] ?? undefined;
  }

  #pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #wrong(name: string, wanted: string): ConfigError {
    const shown = JSON.stringify(this.#fields[name]);
    return new ConfigError(`${this.#pathOf(name)}: ${shown} is not ${wanted}`);
  }
}

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new ConfigError(`${path}: an object is required`);
}
