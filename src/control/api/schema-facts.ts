import type { JsonValue } from '../machinery/json.js';
import { goJson } from './gen/go-data.js';
import { schemaJson } from './gen/schema-data.js';

/** A schema as `schema/kubernetes-1.36.json` has it; schema/README.md says what each key means. */
export interface SchemaFact {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  readonly ref?: string;
  readonly items?: SchemaFact;
  readonly values?: SchemaFact;
  readonly properties?: Readonly<Record<string, SchemaFact>>;
  readonly required?: readonly string[];
  readonly default?: JsonValue;
  readonly 'list-type'?: 'atomic' | 'set' | 'map';
  readonly 'list-map-keys'?: readonly string[];
  readonly 'map-type'?: 'atomic' | 'granular';
  readonly 'patch-strategy'?: string;
  readonly 'patch-merge-key'?: string;
  /** Fields of which one is set, as the discriminator says. */
  readonly unions?: JsonValue;
  readonly 'group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

/** HTTP method, then the action and the kind (`apps/v1/Deployment`) that it is about. */
export type PathFact = Readonly<Record<string, readonly [action: string, kind: string]>>;

/** The facts of the Kubernetes API that everything in this folder is built from. */
export interface SchemaFacts {
  readonly definitions: Readonly<Record<string, SchemaFact>>;
  readonly paths: Readonly<Record<string, PathFact>>;
}

let facts: SchemaFacts | undefined;

/** Parsed when first asked for, then shared. */
export function schemaFacts(): SchemaFacts {
  facts ??= JSON.parse(schemaJson) as SchemaFacts;
  return facts;
}

/** What Kubernetes' types say beyond the schema of a definition; schema/README.md says what each means. */
export interface GoFact {
  readonly always?: readonly string[];
  readonly pointers?: readonly string[];
  readonly types?: Readonly<Record<string, string>>;
}

let goFacts: Readonly<Record<string, GoFact>> | undefined;

/** The facts of a definition; empty when there is nothing to say. */
export function goFactOf(definition: string): GoFact {
  goFacts ??= JSON.parse(goJson) as Readonly<Record<string, GoFact>>;
  return goFacts[definition] ?? {};
}
