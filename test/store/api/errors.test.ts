import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Status } from '../../../src/rpc/service.js';
import { StoreError, storeErrorCodes } from '../../../src/store/errors.js';

/** Errors of ours that etcd has no word for. */
const ownErrors = new Set([
  'malformed-entry',
  // These have no code in etcd either: it answers `Unknown` and says what the parts below have said.
  'no-password-user',
  'password-too-long',
  'token-verify-only',
]);

/** etcd's names of the gRPC codes. */
const codeNames: Readonly<Record<string, number>> = {
  Canceled: Status.cancelled,
  InvalidArgument: Status.invalidArgument,
  DeadlineExceeded: Status.deadlineExceeded,
  NotFound: Status.notFound,
  PermissionDenied: Status.permissionDenied,
  ResourceExhausted: Status.resourceExhausted,
  FailedPrecondition: Status.failedPrecondition,
  OutOfRange: Status.outOfRange,
  Unavailable: Status.unavailable,
  DataLoss: Status.dataLoss,
  Unauthenticated: Status.unauthenticated,
};

/** Compiled tests run from a build folder: the table stays with the sources. */
const table = readFileSync(join(process.cwd(), 'test/store/api/etcd-errors.tsv'), 'utf8');

t.test('StoreError has the code and the text that etcd has for each error', async (t) => {
  const codes = new Map<string, number>();
  for (const line of table.trimEnd().split('\n')) {
    const [, code, text] = line.split('\t');
    codes.set(text!, codeNames[code!]!);
  }
  t.ok(codes.size > 60, `the table has ${codes.size} errors`);
  for (const code of storeErrorCodes) {
    if (ownErrors.has(code)) continue;
    const error = new StoreError(code);
    t.ok(codes.has(error.message), `etcd has an error "${error.message}" (${code})`);
    t.equal(error.status, codes.get(error.message), `gRPC code of ${code}`);
  }
});
