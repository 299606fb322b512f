import type { ServerKind } from './member.js';

/**
 * Which program the tests of our cluster start: ours. FLOTILLA_E2E_KIND=etcd runs them against etcd instead, to tell a test that asks
 * too much from a defect.
 */
export function kindUnderTest(): ServerKind {
  const kind = process.env.FLOTILLA_E2E_KIND ?? 'flotilla';
  if (kind !== 'flotilla' && kind !== 'etcd') {
    throw new Error(`FLOTILLA_E2E_KIND: ${JSON.stringify(kind)} is neither flotilla nor etcd`);
  }
  return kind;
}
