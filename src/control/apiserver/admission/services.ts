import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import type { GroupResource, KubeObject } from '../../machinery/object.js';
import type { Authorizer, ObjectReader } from '../contracts.js';
import type { AdmissionStep } from '../registry/admission-chain.js';

/** Writes that admission makes beside the request, as the API server itself. Each rejects with StatusError. */
export interface AdmissionWriter {
  /** Creates; 409 AlreadyExists when it is there. */
  create(resource: GroupResource, namespace: string, object: KubeObject): Promise<void>;
  /**
   * Writes the status subresource if the object still has the resourceVersion that `object` carries; 409 Conflict otherwise. Answers
   * what is stored now.
   */
  updateStatus(resource: GroupResource, namespace: string, object: KubeObject): Promise<KubeObject>;
}

/** What plugins are given. */
export interface AdmissionServices {
  /** From the watch caches: fast, and possibly a moment old. */
  readonly objects: ObjectReader;
  /** From the store: what is committed now. Asked when the caches know nothing. */
  readonly latest: ObjectReader;
  readonly writer: AdmissionWriter;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly log: Logger;
  /** Is told how long each webhook took; by default nobody is. */
  onWebhook?(step: AdmissionStep, seconds: number): void;
}

/** From the caches, or from the store when they do not know it: another replica may have created it just now. */
export async function findObject(
  { objects, latest }: Pick<AdmissionServices, 'objects' | 'latest'>,
  resource: GroupResource,
  namespace: string,
  name: string,
): Promise<KubeObject | undefined> {
  return (
    (await objects.get(resource, namespace, name)) ?? (await latest.get(resource, namespace, name))
  );
}
