import type { Secret, ServiceAccount } from '../../api/gen/core-v1.js';

/** The type of secrets that hold a token of a service account. */
export const tokenSecretType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';

/** The service account that a secret holds a token for; undefined when it holds none. */
export function accountNameOf({ type, metadata }: Secret): string | undefined {
  const name = metadata.annotations?.[nameAnnotation];
  return type === tokenSecretType && name ? name : undefined;
}

/** Whether a secret is for this account, and not for an earlier one of its name. */
export function belongsTo({ metadata }: Secret, account: ServiceAccount): boolean {
  const uid = metadata.annotations?.[uidAnnotation] ?? '';
  return uid === '' || uid === account.metadata.uid;
}

/** What becomes of a secret. */
export type SecretAction =
  | { readonly kind: 'none' }
  /** Its account is gone. */
  | { readonly kind: 'delete' }
  /** Something of it is missing; with a token to sign if that is. */
  | { readonly kind: 'fill'; readonly secret: Secret; readonly needsToken: boolean };

/** What a secret of an account's token lacks; `rootCa` is PEM, null when nobody knows it. Pure. */
export function planSecret(
  secret: Secret,
  account: ServiceAccount | undefined,
  rootCa: string | null,
): SecretAction {
  if (accountNameOf(secret) === undefined) return { kind: 'none' };
  if (account === undefined || !belongsTo(secret, account)) return { kind: 'delete' };
  const { data = {}, metadata } = secret;
  const wanted: Record<string, string> = {
    ...(rootCa === null ? {} : { 'ca.crt': base64(rootCa) }),
    namespace: base64(metadata.namespace ?? ''),
  };
  const needsToken = (data.token ?? '') === '';
  const { annotations = {} } = metadata;
  const { name = '', uid = '' } = account.metadata;
  const isComplete =
    !needsToken &&
    Object.entries(wanted).every(([key, value]) => data[key] === value) &&
    annotations[uidAnnotation] === uid;
  if (isComplete) return { kind: 'none' };
  const filled: Secret = {
    ...secret,
    metadata: {
      ...metadata,
      annotations: { ...annotations, [nameAnnotation]: name, [uidAnnotation]: uid },
    },
    data: { ...data, ...wanted },
  };
  return { kind: 'fill', secret: filled, needsToken };
}

/** As secrets carry their values. */
export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
