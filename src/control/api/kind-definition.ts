import type { FieldError } from '../machinery/field-errors.js';
import type { NameRule } from '../machinery/names.js';
import type { GroupVersionKind, KubeObject } from '../machinery/object.js';

/** What rules of a kind may ask about the request. */
export interface RuleContext {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** The user who asks; '' when the server itself does. */
  readonly username: string;
  /** The subresource that is written; '' for the object itself. */
  readonly subresource: string;
}

/** One column of `kubectl get`. */
export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  /** Absent in the answer's type only for custom columns; kept short. */
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number;
}

/** How objects of a kind are shown as rows. */
export interface TableLayout<T extends KubeObject = KubeObject> {
  readonly columns: readonly TableColumn[];
  /** A cell for each column. */
  cells(object: T, nowMs: number): readonly (string | number | boolean | null)[];
  /** Conditions of the row, as a pod that ran to its end has `Completed`. */
  conditions?(
    object: T,
  ): readonly { type: string; status: string; reason?: string; message?: string }[];
}

/**
 * The rules of one kind in one version. All are pure; they may change the object that they are given first. What is absent does
 * nothing. What holds for all kinds (metadata, schema, generation, resourceVersion) is not repeated here.
 */
export interface KindRules<T extends KubeObject = KubeObject> {
  /**
   * Fills in what the client left out. Runs on every decoded body and on what is read from and written to the
   * store. Idempotent, and more than that: to what is complete it writes nothing, since others may share it.
   */
  setDefaults?(object: T): void;
  /** Before validation of a creation: clears what clients may not set, as the status, and derives what the server sets. */
  prepareForCreate?(object: T, context: RuleContext): void;
  validateCreate?(object: T, context: RuleContext): readonly FieldError[];
  /** Before validation of an update of the object itself: restores what this way may not change, as the status. */
  prepareForUpdate?(object: T, old: T, context: RuleContext): void;
  validateUpdate?(object: T, old: T, context: RuleContext): readonly FieldError[];
  /** The same for the status subresource: restores all but the status. Default: everything but status and metadata is restored. */
  prepareForStatusUpdate?(object: T, old: T, context: RuleContext): void;
  validateStatusUpdate?(object: T, old: T, context: RuleContext): readonly FieldError[];
  /** Sent to the client as Warning headers. */
  warnings?(object: T, old: T | undefined, context: RuleContext): readonly string[];
  /** Field selectors besides `metadata.name` and `metadata.namespace`: the value of each field, '' when it is not set. */
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  /** Whether a PUT of an object that is not there creates it. Default false. */
  readonly allowsCreateOnUpdate?: boolean;
  /** Whether a PUT without resourceVersion overwrites. Default true. */
  readonly allowsUnconditionalUpdate?: boolean;
  /** Whether a change of `spec` counts `metadata.generation`. Default: the kind has a `spec` and a status subresource. */
  readonly countsGeneration?: boolean;
  /**
   * Seconds that a deletion of this object waits for who runs it, when the kind is deleted gracefully; `asked` is what the client
   * wants. Null: at once.
   */
  gracePeriodSeconds?(object: T, asked: number | undefined): number | null;
  /** Why this object may not be deleted, if it may not be. */
  deletionProblem?(object: T): string | undefined;
  /** How names of this kind are checked; default `dns-subdomain`. */
  readonly nameRule?: NameRule;
  readonly table?: TableLayout<T>;
}

export type { NameRule };

/** The rules of a kind, and whose they are. */
export interface KindDefinition<T extends KubeObject = KubeObject> extends KindRules<T> {
  readonly of: GroupVersionKind;
}
