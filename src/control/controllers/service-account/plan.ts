import type { Namespace, ServiceAccount } from '../../api/gen/core-v1.js';

/** The account that pods without one of their own run as. */
export const defaultAccountName = 'default';

/** The accounts that a namespace lacks. */
export function missingAccounts(
  namespace: Namespace | undefined,
  existing: readonly ServiceAccount[],
): readonly ServiceAccount[] {
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return [];
  if (existing.some(({ metadata }) => metadata.name === defaultAccountName)) return [];
  const metadata = { name: defaultAccountName, namespace: namespace.metadata.name ?? '' };
  return [{ metadata }];
}
