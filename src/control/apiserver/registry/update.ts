import { keepTimesOfUnchanged } from '../../machinery/apply/index.js';
import { fieldPath, invalidValue } from '../../machinery/field-path.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { conflict, invalid, notFound, staleObjectText } from '../../machinery/status-errors.js';
import type { Preconditions, StoredObject } from '../storage/contracts.js';
import { prepareNewObject } from './create.js';
import { countGeneration } from './generation.js';
import { giveBack } from './give-back.js';
import { checkName, settleNamespace } from './object-names.js';
import { checkPreconditions } from './preconditions.js';
import type { RegistryHooks, RegistryOptions, Reservation } from './registry-options.js';
import { restoreAllButStatus, restoreMetadata } from './restore.js';
import { unstoredObject } from './unstored-object.js';
import { throwIfInvalid, validateChanged, validateNew } from './validation.js';
import { admissionRequest, ruleContext, setKind, type WriteRequest } from './write-request.js';

/** How an update comes to its new object: from the body of a PUT, or by a patch of what is there. */
export interface UpdateSource {
  /**
   * Makes the new object, which may share what admission leaves alone with `current`; that is shared itself, and not to be changed.
   * Null: there is none, and the object is created. Called again when somebody else wrote meanwhile.
   */
  updated(current: KubeObject | null): Promise<KubeObject> | KubeObject;
  readonly preconditions: Preconditions;
  /** Whether an object that is not there may be created. */
  readonly mayCreate: boolean;
  /** Rejects when the one who asks must not create it. Absent: the server itself asks. */
  readonly confirmCreation?: () => Promise<void>;
  /**
   * What a subresource does before validation in place of the kind's own preparation: restores all that it may not change. Absent: the
   * kind prepares the object.
   */
  readonly prepare?: (object: KubeObject, old: KubeObject) => void;
  /** The source has noted the managed fields itself, as server-side apply does. */
  readonly tracksManagers: boolean;
}

/** An updated object, and whether it is new. */
export interface UpdateResult {
  readonly stored: StoredObject;
  readonly isCreated: boolean;
}

/** Its last finalizer is gone and its deletion was asked for: it is not written but removed. */
class DeleteInstead extends Error {
  readonly last: KubeObject;

  constructor(last: KubeObject) {
    super('the object is to be deleted');
    this.last = last;
  }
}

/** Changes an object. Rejects with what Kubernetes answers. */
export async function updateObject(
  options: RegistryOptions,
  request: WriteRequest,
  name: string,
  source: UpdateSource,
): Promise<UpdateResult> {
  const attempt = new UpdateAttempt(options, request, name, source);
  let stored: StoredObject;
  try {
    stored = request.context.isDryRun
      ? await pretendToUpdate(options, request, name, source, attempt)
      : await options.storage.update(
          request.namespace,
          name,
          async (current) => ({
            object: await attempt.change(current ?? null),
            ttlSeconds: options.ttlSeconds,
          }),
          {
            preconditions: source.preconditions,
            mayCreate: source.mayCreate,
            fence: request.context.fence,
          },
        );
  } catch (error) {
    await attempt.fail(error);
    if (!(error instanceof DeleteInstead)) throw error;
    return { stored: await finishDeletion(options, request, name, error.last), isCreated: false };
  }
  await attempt.settle(!request.context.isDryRun);
  return { stored, isCreated: attempt.isCreated };
}

async function pretendToUpdate(
  { storage, row }: RegistryOptions,
  { namespace }: WriteRequest,
  name: string,
  source: UpdateSource,
  attempt: UpdateAttempt,
): Promise<StoredObject> {
  const current = await storage.get(namespace, name, { at: 'latest' }).catch((error: unknown) => {
    if (source.mayCreate && error instanceof StatusError && error.reason === 'NotFound')
      return null;
    throw error;
  });
  if (current !== null) checkPreconditions(row, current.object, source.preconditions);
  return unstoredObject(await attempt.change(current?.object ?? null), current?.revision ?? 0);
}

/** The last finalizer went away with this very update: the object goes too, unless it has changed since. */
async function finishDeletion(
  { storage, hooks }: RegistryOptions,
  { namespace, context }: WriteRequest,
  name: string,
  last: KubeObject,
): Promise<StoredObject> {
  if (context.isDryRun) return unstoredObject(last);
  const { uid, resourceVersion } = last.metadata;
  try {
    const gone = await storage.delete(namespace, name, {
      preconditions: {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      check: async () => {},
      fence: context.fence,
    });
    await hooks().afterDelete?.(gone.object);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
  }
  return unstoredObject(last);
}

/** One update and its attempts; what an attempt reserved is given back before the next. */
class UpdateAttempt {
  isCreated = false;
  readonly #options: RegistryOptions;
  readonly #request: WriteRequest;
  readonly #name: string;
  readonly #source: UpdateSource;
  #reservation: Reservation | null = null;

  constructor(options: RegistryOptions, request: WriteRequest, name: string, source: UpdateSource) {
    this.#options = options;
    this.#request = request;
    this.#name = name;
    this.#source = source;
  }

  /** Keeps or gives back what the last attempt reserved. */
  async settle(isWritten: boolean): Promise<void> {
    const reservation = this.#reservation;
    this.#reservation = null;
    if (isWritten) await reservation?.commit();
    else await reservation?.rollback();
  }

  /** The update failed: what was reserved for it is given back, if it surely was not made. */
  async fail(error: unknown): Promise<void> {
    const reservation = this.#reservation;
    this.#reservation = null;
    await giveBack(reservation, error);
  }

  async change(current: KubeObject | null): Promise<KubeObject> {
    await this.settle(false);
    const { row } = this.#options;
    if (current === null && !this.#source.mayCreate) throw notFound(row, this.#name);
    const object = ownMetadata(await this.#source.updated(current), current);
    settleNamespace(object, row.isNamespaced ? this.#request.namespace : '');
    checkName(object, this.#name);
    setKind(object, row);
    return current === null ? this.#create(object) : this.#update(object, current);
  }

  async #create(object: KubeObject): Promise<KubeObject> {
    const { admission, row, hooks } = this.#options;
    await this.#source.confirmCreation?.();
    this.isCreated = true;
    this.#track(null, object);
    const admitted = admissionRequest(row, this.#request, {
      operation: 'CREATE',
      name: this.#name,
      object,
      oldObject: null,
    });
    await admission.mutate(admitted);
    prepareNewObject(this.#options, this.#request, object);
    this.#reservation = (await hooks().beginCreate?.(object, this.#request.context)) ?? null;
    throwIfInvalid(row, object, validateNew(this.#options, this.#request, object));
    this.#warn(object, undefined);
    await admission.validate(admitted);
    return object;
  }

  async #update(object: KubeObject, old: KubeObject): Promise<KubeObject> {
    const { admission, row, hooks } = this.#options;
    this.isCreated = false;
    this.#track(old, object);
    const admitted = admissionRequest(row, this.#request, {
      operation: 'UPDATE',
      name: this.#name,
      object,
      oldObject: old,
    });
    await admission.mutate(admitted);
    keepTimesOfUnchanged(object, old);
    this.#checkVersion(object, old);
    const context = ruleContext(this.#request);
    object.metadata.generation = old.metadata.generation as number;
    if (old.metadata.generation === undefined) delete object.metadata.generation;
    if (this.#source.prepare !== undefined) {
      this.#source.prepare(object, old);
      countGeneration(this.#options, object, old);
    } else if (this.#request.subresource === 'status') {
      if (row.rules.prepareForStatusUpdate === undefined) restoreAllButStatus(object, old);
      else row.rules.prepareForStatusUpdate(object, old, context);
    } else {
      row.rules.prepareForUpdate?.(object, old, context);
      countGeneration(this.#options, object, old);
    }
    restoreMetadata(object.metadata, old.metadata);
    this.#reservation = (await hooks().beginUpdate?.(object, old, this.#request.context)) ?? null;
    throwIfInvalid(row, object, validateChanged(this.#options, this.#request, object, old));
    this.#warn(object, old);
    await admission.validate(admitted);
    if (isReadyToGo(object, old, hooks())) throw new DeleteInstead(object);
    return object;
  }

  /** Optimistic concurrency: a version that the client names must be the present one. */
  #checkVersion(object: KubeObject, old: KubeObject): void {
    const { row } = this.#options;
    const version = object.metadata.resourceVersion ?? '';
    if (version !== '' && version !== '0') {
      if (version !== old.metadata.resourceVersion)
        throw conflict(row, this.#name, staleObjectText);
    } else if (row.rules.allowsUnconditionalUpdate === false) {
      const path = fieldPath('metadata', 'resourceVersion');
      throw invalid(row, this.#name, [invalidValue(path, 0, 'must be specified for an update')]);
    }
    if (old.metadata.resourceVersion !== undefined) {
      object.metadata.resourceVersion = old.metadata.resourceVersion;
    }
  }

  #track(live: KubeObject | null, object: KubeObject): void {
    if (this.#source.tracksManagers) return;
    const { manager, subresource, context } = this.#request;
    this.#options.fieldManagement?.track({
      stored: this.#options.row,
      info: context.info,
      live,
      object,
      manager,
      subresource,
      nowMs: context.nowMs,
    });
  }

  #warn(object: KubeObject, old: KubeObject | undefined): void {
    const warnings =
      this.#options.row.rules.warnings?.(object, old, ruleContext(this.#request)) ?? [];
    for (const warning of warnings) this.#request.context.warn(warning);
  }
}

/** The object with its topmost parts for itself, where a source handed on those of the present one: they are filled in from here on. */
function ownMetadata(object: KubeObject, current: KubeObject | null): KubeObject {
  if (object !== current && object.metadata !== current?.metadata) return object;
  return { ...object, metadata: { ...object.metadata } };
}

function isReadyToGo(
  object: KubeObject,
  { metadata: { deletionTimestamp, deletionGracePeriodSeconds = 0 } }: KubeObject,
  { isHeld }: RegistryHooks,
): boolean {
  if ((object.metadata.finalizers ?? []).length > 0 || isHeld?.(object) === true) return false;
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0;
}
