import { defined } from '../../../base/assert.js';
import type { ResourceClient } from '../../client/index.js';
import type { JsonObject } from '../../machinery/json.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { conflict } from '../../machinery/status-errors.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { controllerReference } from './owner.js';
import { type ClaimRules, planClaims } from './plan-claims.js';

/** What {@link claimObjects} works with. */
export interface ClaimOptions<T extends KubeObject, O extends KubeObject> extends ClaimRules<T> {
  readonly owner: O;
  readonly owners: ResourceClient<O>;
  readonly objects: ResourceClient<T>;
  /** Adopted objects get them, released ones lose them. Default: none. */
  readonly finalizers?: readonly string[];
}

/**
 * What the owner has of the candidates, after taking those that it wants and giving up those that it does not. Before anything is
 * taken, the server is asked whether the owner is still there and stays: an informer may be behind. Rejects with StatusError and
 * UnreachableError; what was claimed until then stays so, and the next call goes on from there.
 */
export async function claimObjects<T extends KubeObject, O extends KubeObject>(
  options: ClaimOptions<T, O>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly T[]> {
  const { owned, adopt, release } = planClaims(options);
  const control = signal === undefined ? {} : { signal };
  if (adopt.length > 0) await checkOwnerStays(options, control);
  const adopted = await Promise.all(adopt.map((object) => adoptOne(options, object, control)));
  await Promise.all(release.map((object) => releaseOne(options, object, control)));
  return [...owned, ...adopted.filter((object) => object !== null)];
}

type Control = { readonly signal?: AbortSignal };

async function checkOwnerStays<T extends KubeObject, O extends KubeObject>(
  { owner, owners }: ClaimOptions<T, O>,
  control: Control,
): Promise<void> {
  const { namespace = '', name = '', uid } = owner.metadata;
  const fresh = await owners.get({ namespace, name }, control);
  if (fresh.metadata.uid !== uid) {
    throw conflict(owners.resource, name, `it is gone; another of its name is there`);
  }
  if (fresh.metadata.deletionTimestamp !== undefined) {
    throw conflict(owners.resource, name, 'it is being deleted and adopts nothing');
  }
}

/** The object as it is with its new owner; null when it has gone meanwhile. */
async function adoptOne<T extends KubeObject, O extends KubeObject>(
  { owner, objects, finalizers = [] }: ClaimOptions<T, O>,
  object: T,
  control: Control,
): Promise<T | null> {
  const patch: JsonObject = {
    metadata: {
      uid: defined(object.metadata.uid),
      ownerReferences: [{ ...controllerReference(owner) }],
      ...(finalizers.length === 0 ? {} : { finalizers: [...finalizers] }),
    },
  };
  return objects.patch(nameOf(object), 'strategic', patch, control).catch(ignoreNotFound);
}

async function releaseOne<T extends KubeObject, O extends KubeObject>(
  { owner, objects, finalizers = [] }: ClaimOptions<T, O>,
  object: T,
  control: Control,
): Promise<void> {
  const removed = finalizers.filter((name) => object.metadata.finalizers?.includes(name));
  const patch: JsonObject = {
    metadata: {
      uid: defined(object.metadata.uid),
      ownerReferences: [{ $patch: 'delete', uid: defined(owner.metadata.uid) }],
      ...(removed.length === 0 ? {} : { '$deleteFromPrimitiveList/finalizers': removed }),
    },
  };
  try {
    await objects.patch(nameOf(object), 'strategic', patch, control);
  } catch (error) {
    // Invalid: another object has the name by now, or it lost its owners already.
    if (!(error instanceof StatusError) || error.reason !== 'Invalid') ignoreNotFound(error);
  }
}

function nameOf({ metadata }: KubeObject): { namespace: string; name: string } {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
