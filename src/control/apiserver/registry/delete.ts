import { defined } from '../../../base/assert.js';
import { cloneObject } from '../../machinery/apply/index.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { conflict, forbidden, staleObjectText } from '../../machinery/status-errors.js';
import type { DeleteOptions } from '../options/delete-options.js';
import type { StoredObject } from '../storage/contracts.js';
import { type DeletionPlan, planDeletion } from './deletion-plan.js';
import type { RegistryOptions } from './registry-options.js';
import { unstoredObject } from './unstored-object.js';
import { admissionRequest, type WriteRequest } from './write-request.js';

/** What is left of a deletion's object. */
export interface DeleteResult {
  /** The object as it is now, or as it was last. */
  readonly stored: StoredObject;
  /** It is gone; else it waits for its grace period or finalizers. */
  readonly isGone: boolean;
}

/** The object need not be written: its deletion is under way already, or it is removed at once. */
class Settled extends Error {
  readonly object: KubeObject;
  readonly step: 'pending' | 'now';

  constructor(object: KubeObject, step: 'pending' | 'now') {
    super(step);
    this.object = object;
    this.step = step;
  }
}

/** Somebody gave the object a finalizer while it was about to be removed: it has to be marked as being deleted first. */
class NowHeld extends Error {}

/** Deletions that are begun anew because of that. */
const attemptsMax = 8;

/** Deletes an object, or begins to. Rejects with what Kubernetes answers. */
export async function deleteObject(
  options: RegistryOptions,
  request: WriteRequest,
  name: string,
  deletion: DeleteOptions,
): Promise<DeleteResult> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    try {
      return await deleteOnce(options, request, name, deletion);
    } catch (error) {
      if (!(error instanceof NowHeld)) throw error;
    }
  }
  throw conflict(options.row, name, staleObjectText);
}

async function deleteOnce(
  options: RegistryOptions,
  request: WriteRequest,
  name: string,
  deletion: DeleteOptions,
): Promise<DeleteResult> {
  const { storage, row } = options;
  const { namespace, context } = request;
  const current = await storage.get(namespace, name, { at: 'latest' });
  checkDeletable(options, current.object, deletion);
  const judge = (object: KubeObject): DeletionPlan =>
    planDeletion(object, {
      options: deletion,
      defaultPropagation: options.defaultPropagation,
      rules: row.rules,
      hooks: options.hooks(),
      nowMs: context.nowMs,
    });
  const first = cloneObject(current.object);
  const plan = judge(first);
  if (context.isDryRun) {
    await admit(options, request, name, current.object);
    const isGone = plan.step === 'now' || plan.removesAfterUpdate;
    return { stored: unstoredObject(first, current.revision), isGone };
  }
  if (plan.step === 'now') return remove(options, request, name, deletion, null);
  let last = plan;
  try {
    const stored = await storage.update(
      namespace,
      name,
      async (fresh) => {
        const object = cloneObject(defined(fresh, 'an object'));
        checkDeletable(options, object, deletion);
        await admit(options, request, name, object);
        last = judge(object);
        if (last.step !== 'update') throw new Settled(object, last.step);
        return { object, ttlSeconds: options.ttlSeconds };
      },
      { preconditions: preconditionsOf(deletion), mayCreate: false, fence: context.fence },
    );
    if (!last.removesAfterUpdate) return { stored, isGone: false };
    return remove(options, request, name, withoutVersion(deletion), stored);
  } catch (error) {
    if (!(error instanceof Settled)) throw error;
    if (error.step === 'now') return remove(options, request, name, deletion, null);
    return { stored: unstoredObject(error.object), isGone: false };
  }
}

/** Takes the object out of the store. `marked` was written just before: then it may be gone by now. */
async function remove(
  options: RegistryOptions,
  request: WriteRequest,
  name: string,
  deletion: DeleteOptions,
  marked: StoredObject | null,
): Promise<DeleteResult> {
  const isHeld = (object: KubeObject) => options.hooks().isHeld?.(object) === true;
  try {
    const stored = await options.storage.delete(request.namespace, name, {
      preconditions: preconditionsOf(deletion),
      fence: request.context.fence,
      check: async (object) => {
        checkDeletable(options, object, deletion);
        if (marked === null) await admit(options, request, name, object);
        if ((object.metadata.finalizers ?? []).length > 0 || isHeld(object))
          throw new Settled(object, 'pending');
      },
    });
    await options.hooks().afterDelete?.(stored.object);
    return { stored, isGone: true };
  } catch (error) {
    if (error instanceof Settled) {
      if (marked === null) throw new NowHeld('the object is held by now');
      return { stored: unstoredObject(error.object), isGone: false };
    }
    const isMissing = error instanceof StatusError && error.reason === 'NotFound';
    if (marked === null || !isMissing) throw error;
    return { stored: marked, isGone: true };
  }
}

/** Webhooks may look at a deletion in either phase; there is no object that they could change. */
async function admit(
  { admission, row }: RegistryOptions,
  request: WriteRequest,
  name: string,
  oldObject: KubeObject,
): Promise<void> {
  const write = { operation: 'DELETE', name, object: null, oldObject } as const;
  const admitted = admissionRequest(row, request, write);
  await admission.mutate(admitted);
  await admission.validate(admitted);
}

function checkDeletable(
  { row }: RegistryOptions,
  object: KubeObject,
  { preconditions }: DeleteOptions,
): void {
  const { metadata } = object;
  const name = metadata.name ?? '';
  const problem = row.rules.deletionProblem?.(object);
  if (problem !== undefined) throw forbidden(row, name, problem);
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      row,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      row,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`,
    );
  }
}

/** The version is checked by {@link checkDeletable}, whose words are the API's. */
function preconditionsOf({ preconditions }: DeleteOptions): { readonly uid?: string } {
  return preconditions.uid === undefined ? {} : { uid: preconditions.uid };
}

/** After our own write of the mark, the version that the client knew is history. */
function withoutVersion(deletion: DeleteOptions): DeleteOptions {
  return { ...deletion, preconditions: preconditionsOf(deletion) };
}
