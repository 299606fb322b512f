import type { Authorizer } from '../contracts.js';
import { AuthorizerChain, alwaysAllowPaths, mastersAuthorizer } from './authorizer-chain.js';

/** Modes of --authorization-mode. */
export const authorizationModes = [
  'AlwaysAllow',
  'AlwaysDeny',
  'ABAC',
  'Webhook',
  'RBAC',
  'Node',
] as const;
export type AuthorizationMode = (typeof authorizationModes)[number];

/** A mode that is asked for wrongly. */
export class ModeError extends Error {
  override readonly name = 'ModeError';
}

/** Reads --authorization-mode. Throws {@link ModeError} as Kubernetes words it. */
export function parseModes(names: readonly string[]): readonly AuthorizationMode[] {
  const modes: AuthorizationMode[] = [];
  for (const name of names) {
    const mode = authorizationModes.find((each) => each === name);
    if (mode === undefined)
      throw new ModeError(`authorization-mode ${JSON.stringify(name)} is not a valid mode`);
    if (modes.includes(mode))
      throw new ModeError(
        `authorization-mode ${JSON.stringify(names)} has mode specified more than once`,
      );
    modes.push(mode);
  }
  if (modes.length === 0) throw new ModeError('at least one authorization-mode must be passed');
  return modes;
}

/** The chain of authorizers, after what holds in every mode: system:masters, and the paths that are always allowed. */
export function authorizerOf(
  authorizers: readonly Authorizer[],
  alwaysAllowedPaths: readonly string[] = [],
): Authorizer {
  return new AuthorizerChain([
    alwaysAllowPaths(alwaysAllowedPaths),
    mastersAuthorizer,
    ...authorizers,
  ]);
}
