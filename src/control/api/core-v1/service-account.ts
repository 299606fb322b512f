import type { ServiceAccount } from '../gen/core-v1.js';
import { coreKind } from './core-kind.js';
import { ageColumn, ageOf, column, nameColumn } from './table.js';

const mountableAnnotation = 'kubernetes.io/enforce-mountable-secrets';

/** Secrets are named and nothing else is said of them. */
function cleanSecrets(account: ServiceAccount): void {
  if (account.secrets === undefined) return;
  account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}

/** The rules of ServiceAccounts. */
export const serviceAccountKind = coreKind<ServiceAccount>('ServiceAccount', {
  prepareForCreate: cleanSecrets,
  prepareForUpdate: cleanSecrets,
  warnings: ({ metadata }, old) => {
    if (metadata.annotations?.[mountableAnnotation] === undefined) return [];
    if (old?.metadata.annotations?.[mountableAnnotation] !== undefined) return [];
    return [
      `metadata.annotations[${mountableAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
    ];
  },
  countsGeneration: false,
  table: {
    columns: [nameColumn, column('Secrets', 'How many Secrets the account has.'), ageColumn],
    cells: ({ metadata, secrets }, nowMs) => [
      metadata.name ?? '',
      secrets?.length ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
