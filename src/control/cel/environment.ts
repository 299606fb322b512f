import { FunctionTable, type Library } from './function-table.js';
import { kubernetesLibrary } from './kubernetes-library.js';
import { standardLibrary } from './standard-library.js';
import { stringLibrary } from './string-library.js';
import type { CelType } from './types.js';

/** What an expression may name. */
export interface CelEnvironment {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly functions: FunctionTable;
}

const base = new FunctionTable([standardLibrary, stringLibrary, kubernetesLibrary]);

/** An environment with these variables, and with all functions that the API knows. */
export function environmentOf(
  variables: Readonly<Record<string, CelType>>,
  extra?: Library,
): CelEnvironment {
  const functions =
    extra === undefined
      ? base
      : new FunctionTable([standardLibrary, stringLibrary, kubernetesLibrary, extra]);
  return { variables: new Map(Object.entries(variables)), functions };
}
