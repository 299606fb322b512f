import type { FieldError } from '../../machinery/field-errors.js';
import { type FieldPath, fieldPath, invalidValue } from '../../machinery/field-path.js';

/** A value of a document, with where it is. */
export interface Located {
  readonly value: unknown;
  readonly path: FieldPath;
}

/** Reads a document of configuration, and collects all that is wrong with it. What is wrong reads as absent. */
export class DocumentReader {
  /** Fields that the document may not have. */
  readonly unknownFields: string[] = [];
  readonly errors: FieldError[] = [];

  /** The fields of an object; none for what is absent. */
  fields(
    { value, path }: Located,
    known: readonly string[],
  ): Readonly<Record<string, Located | undefined>> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.errors.push(invalidValue(path, value, 'must be an object'));
      return {};
    }
    const isRoot = path.toString() === fieldPath().toString();
    const located: Record<string, Located> = {};
    for (const [name, field] of Object.entries(value)) {
      const at = isRoot ? fieldPath(name) : path.child(name);
      if (known.includes(name)) located[name] = { value: field, path: at };
      else this.unknownFields.push(at.toString());
    }
    return located;
  }

  items(located: Located | undefined): readonly Located[] {
    const value = located?.value ?? [];
    if (located === undefined) return [];
    if (!Array.isArray(value)) {
      this.errors.push(invalidValue(located.path, value, 'must be a list'));
      return [];
    }
    return value.map((item: unknown, at) => ({ value: item, path: located.path.index(at) }));
  }

  text(located: Located | undefined): string | undefined {
    return this.#of(located, 'must be a string', (value) => typeof value === 'string');
  }

  boolean(located: Located | undefined): boolean | undefined {
    return this.#of(located, 'must be true or false', (value) => typeof value === 'boolean');
  }

  integer(located: Located | undefined): number | undefined {
    return this.#of(located, 'must be an integer', (value) => Number.isSafeInteger(value));
  }

  number(located: Located | undefined): number | undefined {
    return this.#of(located, 'must be a number', (value) => Number.isFinite(value));
  }

  #of<T>(
    located: Located | undefined,
    rule: string,
    isRight: (value: unknown) => boolean,
  ): T | undefined {
    if (located === undefined || located.value === null || located.value === undefined)
      return undefined;
    if (isRight(located.value)) return located.value as T;
    this.errors.push(invalidValue(located.path, located.value, rule));
    return undefined;
  }
}
