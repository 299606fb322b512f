import type { Clock } from '../../../base/clock.js';
import type { Pod, ServiceAccountTokenProjection } from '../../api/gen/core-v1.js';
import { apiResource, type ControlClient } from '../../client/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { parseTime } from '../../machinery/time.js';
import { orLastKnown } from './last-known.js';

interface TokenRequest extends KubeObject {
  readonly spec: {
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly boundObjectRef: {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
    };
  };
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
}

interface Token {
  readonly text: string;
  readonly renewAtMs: number;
  readonly endsAtMs: number;
}

const tokenRequests = apiResource<TokenRequest>('v1', 'serviceaccounts', 'TokenRequest');
const secondsDefault = 3600;
/** A token is renewed when this part of its life is over, and after a day in any case. */
const partOfLife = 0.8;
const dayMs = 86_400_000;

/** Tokens by which pods show themselves as their service accounts; renewed long before they end. */
export class TokenSource {
  readonly #client: ControlClient;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Token>();

  constructor(client: ControlClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** A token for a pod that is good for a while. Rejects with StatusError or UnreachableError. */
  async tokenFor(pod: Pod, wanted: ServiceAccountTokenProjection): Promise<string> {
    const { uid = '' } = pod.metadata;
    const key = `${uid}/${wanted.audience ?? ''}/${wanted.expirationSeconds ?? secondsDefault}`;
    const known = this.#tokens.get(key);
    const nowMs = this.#clock.wallTime();
    if (known !== undefined && nowMs < known.renewAtMs) return known.text;
    const isGood = known !== undefined && nowMs < known.endsAtMs;
    return orLastKnown(this.#renew(key, pod, wanted), {
      ...{ clock: this.#clock, known: isGood ? { value: known.text } : null },
    });
  }

  async #renew(key: string, pod: Pod, wanted: ServiceAccountTokenProjection): Promise<string> {
    const nowMs = this.#clock.wallTime();
    const made = await this.#request(pod, wanted);
    const { token = '', expirationTimestamp = '' } = made.status ?? {};
    const endsAtMs = parseTime(expirationTimestamp) ?? nowMs;
    const renewAtMs = nowMs + Math.min(dayMs, (endsAtMs - nowMs) * partOfLife);
    this.#tokens.set(key, { text: token, renewAtMs, endsAtMs });
    return token;
  }

  /** A pod is gone. */
  forget(uid: string): void {
    for (const key of this.#tokens.keys()) if (key.startsWith(`${uid}/`)) this.#tokens.delete(key);
  }

  #request(
    pod: Pod,
    { audience = '', expirationSeconds = secondsDefault }: ServiceAccountTokenProjection,
  ) {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    const account = pod.spec?.serviceAccountName ?? 'default';
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: account, namespace },
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    return this.#client.objects(tokenRequests).create(request, { subresource: 'token' });
  }
}
