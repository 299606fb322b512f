import { assert } from '../../../base/assert.js';
import { cloneJson } from '../../machinery/clone.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import {
  alreadyExists,
  badRequest,
  failure,
  generateNameConflict,
} from '../../machinery/status-errors.js';
import { formatTime } from '../../machinery/time.js';
import type { StoredObject } from '../storage/contracts.js';
import { hasGeneration } from './generation.js';
import { giveBack } from './give-back.js';
import { settleNamespace } from './object-names.js';
import type { RegistryOptions } from './registry-options.js';
import { unstoredObject } from './unstored-object.js';
import { throwIfInvalid, validateNew } from './validation.js';
import { admissionRequest, ruleContext, setKind, type WriteRequest } from './write-request.js';

/** Names that are tried before a generated one is given up. */
const generateAttemptsMax = 8;

/** Makes an object. It owns `object`. Rejects with what Kubernetes answers. */
export async function createObject(
  options: RegistryOptions,
  request: WriteRequest,
  object: KubeObject,
): Promise<StoredObject> {
  const { row, admission, fieldManagement } = options;
  const { context, namespace } = request;
  settleNamespace(object, row.isNamespaced ? namespace : '');
  if (row.isNamespaced && namespace === '') throw badRequest('Namespace parameter required.');
  setKind(object, row);
  fieldManagement?.track({
    stored: row,
    info: context.info,
    live: null,
    object,
    manager: request.manager,
    subresource: request.subresource,
    nowMs: context.nowMs,
  });
  await admission.mutate(
    admissionRequest(row, request, {
      operation: 'CREATE',
      name: object.metadata.name ?? '',
      object,
      oldObject: null,
    }),
  );
  return createWithName(options, request, object);
}

async function createWithName(
  options: RegistryOptions,
  request: WriteRequest,
  object: KubeObject,
): Promise<StoredObject> {
  const { generateName = '', name = '' } = object.metadata;
  if (name !== '' || generateName === '') return prepareAndStore(options, request, object);
  for (let attempt = 1; ; attempt++) {
    const draft = cloneJson(object);
    draft.metadata.name = options.generateName(generateName);
    try {
      return await prepareAndStore(options, request, draft);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      if (attempt === generateAttemptsMax) {
        throw generateNameConflict(options.row, draft.metadata.name, 1);
      }
    }
  }
}

async function prepareAndStore(
  options: RegistryOptions,
  request: WriteRequest,
  object: KubeObject,
): Promise<StoredObject> {
  const { row, hooks, admission, storage } = options;
  prepareNewObject(options, request, object);
  const reservation = (await hooks().beginCreate?.(object, request.context)) ?? null;
  let stored: StoredObject;
  try {
    throwIfInvalid(row, object, validateNew(options, request, object));
    warnAbout(options, request, object);
    const name = object.metadata.name ?? '';
    assert(name !== '', 'a validated object has a name');
    await admission.validate(
      admissionRequest(row, request, { operation: 'CREATE', name, object, oldObject: null }),
    );
    stored = request.context.isDryRun
      ? await pretendToCreate(options, request, object)
      : await storage.create(object, {
          ttlSeconds: options.ttlSeconds,
          fence: request.context.fence,
        });
  } catch (error) {
    await giveBack(reservation, error);
    throw error;
  }
  if (request.context.isDryRun) await reservation?.rollback();
  else await reservation?.commit();
  return stored;
}

/** Sets what the server sets on every new object, and lets the kind prepare it. */
export function prepareNewObject(
  options: RegistryOptions,
  request: WriteRequest,
  object: KubeObject,
): void {
  const { metadata } = object;
  if ((metadata.resourceVersion ?? '') !== '') {
    throw failure(500, '', 'resourceVersion should not be set on objects to be created');
  }
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.generation;
  if (hasGeneration(options)) metadata.generation = 1;
  metadata.uid = options.newUid();
  metadata.creationTimestamp = formatTime(request.context.nowMs);
  options.row.rules.prepareForCreate?.(object, ruleContext(request));
}

function warnAbout(options: RegistryOptions, request: WriteRequest, object: KubeObject): void {
  const warnings = options.row.rules.warnings?.(object, undefined, ruleContext(request)) ?? [];
  for (const warning of warnings) request.context.warn(warning);
}

/** A dry run: as if it were stored, without a revision; refused when the name is taken. */
async function pretendToCreate(
  { storage, row }: RegistryOptions,
  { namespace }: WriteRequest,
  object: KubeObject,
): Promise<StoredObject> {
  const name = object.metadata.name ?? '';
  const existing = await storage.get(namespace, name, { at: 'latest' }).catch((error: unknown) => {
    if (error instanceof StatusError && error.reason === 'NotFound') return null;
    throw error;
  });
  if (existing === null) return unstoredObject(object);
  throw alreadyExists(row, name);
}
