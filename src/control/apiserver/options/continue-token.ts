import { badRequest } from '../../machinery/status-errors.js';

/** Where the next page of a list starts. */
export interface ContinueToken {
  /** The revision that all pages are of; -1: whatever is latest (the list's own revision is gone). */
  readonly revision: number;
  /** The storage's key after which the page starts. */
  readonly afterKey: string;
}

const tokenVersion = 'meta.k8s.io/v1';

/** Kubernetes' token: base64url without padding of JSON. Opaque to clients. */
export function encodeContinueToken({ revision, afterKey }: ContinueToken): string {
  const json = JSON.stringify({ v: tokenVersion, rv: revision, start: afterKey });
  return Buffer.from(json, 'utf8').toString('base64url');
}

/** Throws 400 for what is no token of ours. */
export function decodeContinueToken(token: string): ContinueToken {
  const fields = decodeFields(token);
  if (fields.v !== tokenVersion) {
    throw invalidToken('continue key is not valid: server does not recognize this encoded version');
  }
  if (typeof fields.rv !== 'number' || !Number.isSafeInteger(fields.rv) || fields.rv === 0) {
    throw invalidToken(
      `continue key is not valid: incorrect encoded start resourceVersion (version ${tokenVersion})`,
    );
  }
  if (typeof fields.start !== 'string' || fields.start === '') {
    throw invalidToken(
      `continue key is not valid: encoded start key empty (version ${tokenVersion})`,
    );
  }
  return { revision: fields.rv, afterKey: fields.start };
}

function decodeFields(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  const bad = (why: string) => invalidToken(`continue key is not valid: ${why}`);
  const stray = /[^A-Za-z0-9_-]/.exec(token);
  if (stray !== null) throw bad(`illegal base64 data at input byte ${stray.index}`);
  try {
    const fields: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields;
  } catch {
    // The same answer as for JSON that is no object.
  }
  throw bad('it is not JSON');
}

function invalidToken(why: string): Error {
  return badRequest(`invalid continue token: ${why}`);
}
