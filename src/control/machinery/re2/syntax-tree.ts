import type { CharacterSet } from './character-set.js';

/** What may have to hold between two characters. */
export type Assertion =
  | 'text-start'
  | 'text-end'
  | 'line-start'
  | 'line-end'
  | 'word-boundary'
  | 'no-word-boundary';

/** An expression. Groups are gone: nobody asks what they matched. */
export type Expression =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  /** Without parts: nothing at all, which is everywhere. */
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  | {
      readonly kind: 'repeat';
      readonly of: Expression;
      readonly min: number;
      /** Null: any number. */
      readonly max: number | null;
      /** As few as possible come first. */
      readonly isLazy: boolean;
    };

/** Whether it can match nothing at all, somewhere. */
export function isNullable(expression: Expression): boolean {
  switch (expression.kind) {
    case 'set':
      return false;
    case 'assertion':
      return true;
    case 'sequence':
      return expression.parts.every(isNullable);
    case 'choice':
      return expression.options.some(isNullable);
    case 'repeat':
      return expression.min === 0 || isNullable(expression.of);
  }
}
