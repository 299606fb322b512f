import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../../base/clock.js';
import type { Secret } from '../../../api/gen/core-v1.js';
import { type LegacyClaims, readLegacyClaims } from '../../../api/service-account/claims.js';
import { formatTime } from '../../../machinery/time.js';
import type { ObjectReader, UserInfo } from '../../contracts.js';
import { TokenError } from '../token-authenticator.js';
import {
  serviceAccountGroups,
  serviceAccountUsername,
  splitServiceAccountUsername,
  userInfo,
} from '../user-info.js';

/** Label of a secret whose token was switched off since nobody used it. */
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** Label of a secret: the day when its token was last used (`2026-01-02`, UTC). */
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';

/** Is told of the use of a token in a secret whose label does not say so yet: notes it, some time. */
export type NoteTokenUse = (secret: Secret, labels: Readonly<Record<string, string>>) => void;

/** Validates tokens that live in secrets of type kubernetes.io/service-account-token. Their signature is checked before. */
export class LegacyTokenValidator {
  readonly #objects: ObjectReader;
  readonly #looksUp: boolean;
  readonly #clock: Clock;
  readonly #noteUse: NoteTokenUse;

  constructor(options: {
    readonly objects: ObjectReader;
    readonly looksUp: boolean;
    readonly clock: Clock;
    readonly noteUse?: NoteTokenUse;
  }) {
    this.#objects = options.objects;
    this.#looksUp = options.looksUp;
    this.#clock = options.clock;
    this.#noteUse = options.noteUse ?? (() => {});
  }

  /** The service account of these verified claims. Rejects with TokenError when secret or account are no longer the same. */
  async userOf(token: string, fields: Readonly<Record<string, unknown>>): Promise<UserInfo> {
    const claims = readLegacyClaims(fields);
    checkClaims(claims);
    if (this.#looksUp) {
      const secret = await this.#checkedSecret(token, claims);
      await this.#checkAccount(claims);
      this.#onUse(secret);
    }
    const { namespace, serviceAccountName, serviceAccountUid } = claims;
    return userInfo({
      name: serviceAccountUsername(namespace, serviceAccountName),
      uid: serviceAccountUid,
      groups: serviceAccountGroups(namespace),
    });
  }

  /** Another replica's clock may be a day ahead: its label stands. */
  #onUse(secret: Secret): void {
    const nowMs = this.#clock.wallTime();
    const [today, tomorrow] = [nowMs, nowMs + dayMs].map(dayOf);
    const noted = secret.metadata.labels?.[lastUsedLabel];
    if (noted === today || noted === tomorrow) return;
    this.#noteUse(secret, { [lastUsedLabel]: today ?? '' });
  }

  async #checkedSecret(token: string, claims: LegacyClaims): Promise<Secret> {
    const { namespace, secretName, serviceAccountName } = claims;
    const secret = (await this.#objects.get(
      { group: '', resource: 'secrets' },
      namespace,
      secretName,
    )) as Secret | undefined;
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined)
      throw new TokenError('service account token has been invalidated');
    const stored = Buffer.from(secret.data?.token ?? '', 'base64');
    const given = Buffer.from(token);
    if (stored.length !== given.length || !timingSafeEqual(stored, given))
      throw new TokenError("service account token does not match server's copy");
    if (secret.metadata.labels?.[invalidSinceLabel] !== undefined) {
      throw new TokenError(
        `the token in secret ${namespace}/${secretName} for service account ${namespace}/${serviceAccountName} has been marked ` +
          'invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the ' +
          `'${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
      );
    }
    return secret;
  }

  async #checkAccount({
    namespace,
    serviceAccountName,
    serviceAccountUid,
  }: LegacyClaims): Promise<void> {
    const account = await this.#objects.get(
      { group: '', resource: 'serviceaccounts' },
      namespace,
      serviceAccountName,
    );
    if (account === undefined)
      throw new TokenError(`serviceaccounts "${serviceAccountName}" not found`);
    if (account.metadata.deletionTimestamp !== undefined)
      throw new TokenError(`service account ${namespace}/${serviceAccountName} has been deleted`);
    const uid = account.metadata.uid ?? '';
    if (uid !== serviceAccountUid)
      throw new TokenError(
        `service account UID (${uid}) does not match claim (${serviceAccountUid})`,
      );
  }
}

const dayMs = 86_400_000;

/** The day in UTC, as `2026-01-02`. */
export function dayOf(ms: number): string {
  return formatTime(ms).slice(0, 'YYYY-MM-DD'.length);
}

function checkClaims(claims: LegacyClaims): void {
  if (claims.sub === '') throw new TokenError('sub claim is missing');
  if (claims.namespace === '') throw new TokenError('namespace claim is missing');
  if (claims.secretName === '') throw new TokenError('secretName claim is missing');
  if (claims.serviceAccountName === '') throw new TokenError('serviceAccountName claim is missing');
  if (claims.serviceAccountUid === '') throw new TokenError('serviceAccountUID claim is missing');
  const subject = splitServiceAccountUsername(claims.sub);
  if (subject?.namespace !== claims.namespace || subject.name !== claims.serviceAccountName)
    throw new TokenError('sub claim is invalid');
}
