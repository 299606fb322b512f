import { canonicalObject } from '../../../src/control/api/codec/decode.js';
import type { KindDefinition, RuleContext } from '../../../src/control/api/kind-definition.js';
import { builtInKinds } from '../../../src/control/api/kinds.js';
import { schemaOf } from '../../../src/control/api/schema.js';
import { setObjectDefaults } from '../../../src/control/api/schema-defaults.js';
import type { FieldError } from '../../../src/control/machinery/field-errors.js';
import { apiVersionOf, type KubeObject } from '../../../src/control/machinery/object.js';

/** 2026-01-01T00:00:00Z. */
const nowMs = Date.parse('2026-01-01T00:00:00Z');

const context: RuleContext = { nowMs, username: 'me', subresource: '' };

/** What a test writes: any fields; its name is `x` unless it says otherwise. */
export interface Draft {
  readonly metadata?: KubeObject['metadata'];
  readonly [field: string]: unknown;
}

/** An object as its rules have prepared it. */
export type Prepared = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

/** One kind, asked as the server asks it: objects are decoded, filled in, prepared and then checked. */
export class KindRig {
  readonly rules: KindDefinition;

  constructor(apiVersion: string, kind: string) {
    const found = builtInKinds().find(
      ({ of }) => apiVersionOf(of) === apiVersion && of.kind === kind,
    );
    if (found === undefined) throw new Error(`no rules for ${apiVersion} ${kind}`);
    this.rules = found;
  }

  /** What is stored of a new object, but for what is wrong with it. */
  created(draft: Draft): Prepared {
    const object = this.#decoded(draft);
    object.metadata.uid ??= 'u';
    object.metadata.generation ??= 1;
    this.rules.prepareForCreate?.(object, context);
    return object;
  }

  /** What an update of `old` makes of an object. */
  updated(draft: Draft, old: Draft): Prepared {
    const object = this.#decoded(draft);
    const before = this.created(old);
    object.metadata.uid = before.metadata.uid!;
    object.metadata.generation = before.metadata.generation!;
    this.rules.prepareForUpdate?.(object, before, context);
    return object;
  }

  createErrors(draft: Draft): string[] {
    const object = this.created(draft);
    return texts(this.rules.validateCreate?.(object, context));
  }

  updateErrors(draft: Draft, old: Draft, asked: Partial<RuleContext> = {}): string[] {
    const before = this.created(old);
    const merged = this.updated(draft, old);
    return texts(this.rules.validateUpdate?.(merged, before, { ...context, ...asked }));
  }

  /** Both objects as they are, with their status. */
  statusErrors(draft: Draft, old: Draft): string[] {
    const [object, before] = [this.#decoded(draft), this.#decoded(old)];
    return texts(this.rules.validateStatusUpdate?.(object, before, context));
  }

  warnings(draft: Draft, old?: Draft): readonly string[] {
    const before = old && this.created(old);
    return this.rules.warnings?.(this.created(draft), before, context) ?? [];
  }

  /** The object's row; ages are against 2026-01-01. */
  cells(draft: Draft): readonly unknown[] {
    return this.rules.table?.cells(this.#decoded(draft), nowMs) ?? [];
  }

  columns(): readonly string[] {
    return (this.rules.table?.columns ?? []).map(({ name, priority }) =>
      priority === 0 ? name : `${name}*`,
    );
  }

  #decoded(draft: Draft): KubeObject {
    const { of } = this.rules;
    const schema = schemaOf(of)!;
    const named = { ...draft, metadata: { name: 'x', ...draft.metadata } };
    // What is undefined is not there.
    const raw: unknown = JSON.parse(JSON.stringify(named));
    const object = canonicalObject(raw as KubeObject, { of, schema });
    setObjectDefaults(object, { schema, rules: this.rules });
    return object;
  }
}

function texts(errors: readonly FieldError[] | undefined): string[] {
  return (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
}

/** A template of pods with one container and a label. */
export function templateOf(spec: object = {}): object {
  return {
    metadata: { labels: { app: 'a' } },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  };
}

/** The selector of {@link templateOf}. */
export const selector = { matchLabels: { app: 'a' } };
