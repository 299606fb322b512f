import { isLeadershipLost } from '../../machinery/fence.js';
import type { KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import { unsupportedMediaType } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { parseMediaRange } from '../negotiation/media-range.js';
import { optionsObject, parseWriteOptions, type WriteOptions } from '../options/write-options.js';
import type { UpdateResult } from '../registry/update.js';
import { applyConfiguration } from './apply.js';
import { protobufOf, type ResourceEndpoint, toStoredVersion } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate } from './output.js';
import { type PatchType, parsePatch } from './patch-body.js';
import { PatchedPart } from './patched-part.js';
import { readBody } from './read-body.js';
import { readPatched } from './read-patched.js';
import { restoring } from './restoring.js';
import { sendStored } from './send-object.js';
import { expectedBody, writeRequest } from './write-context.js';

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** Tries of a patch that names no version, when others keep writing at the same time. */
const attemptsMax = 5;
const encoder = new TextEncoder();

/** PATCH of an object, or of its status. */
export async function handlePatch(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const type = patchTypeOf(exchange, endpoint);
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const isApply = type === 'apply';
  const options = parseWriteOptions(exchange.query, 'PatchOptions', isApply);
  const body = await readBody(exchange);
  const result = isApply
    ? await applyConfiguration(exchange, endpoint, tools, { body, options })
    : await retried(() => patchOnce(exchange, endpoint, tools, { type, body, options }));
  const status = result.isCreated ? 201 : 200;
  await sendStored(exchange, endpoint, output, { status, stored: result.stored });
}

/** Throws 415 for a Content-Type that is no patch of this resource. */
export function patchTypeOf(exchange: Exchange, { resource }: ResourceEndpoint): PatchType {
  const range = parseMediaRange(exchange.header('content-type') ?? '');
  const type = range === null ? undefined : patchTypes[`${range.type}/${range.subtype}`];
  if (type !== undefined && !(type === 'strategic' && resource.isCustom)) return type;
  const accepted = Object.keys(patchTypes).filter(
    (name) => !(resource.isCustom && patchTypes[name] === 'strategic'),
  );
  throw unsupportedMediaType(accepted);
}

async function patchOnce(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
  {
    type,
    body,
    options,
  }: {
    readonly type: Exclude<PatchType, 'apply'>;
    readonly body: Uint8Array;
    readonly options: WriteOptions;
  },
): Promise<UpdateResult> {
  const expected = expectedBody(endpoint, options);
  const patch = parsePatch(type, body, expected);
  const request = writeRequest(exchange, {
    ...options,
    options: optionsObject('PatchOptions', options),
  });
  const { conversion, isCustom } = endpoint.resource;
  // Others than those who write the status may change what the patch leaves alone: admission, on behalf of what it changes.
  const isShared = exchange.info.subresource === 'status';
  return endpoint.registry.update(request, exchange.info.name, {
    updated: (stored) => {
      const current = (
        conversion === null ? stored : stored && conversion.fromStored(stored)
      ) as KubeObject;
      const { managedFields, ...metadata } = current.metadata;
      // They are a third of many objects, and nearly no patch is about them.
      const isAside = managedFields !== undefined && !patch.concernsManagedFields;
      const whole = isAside ? { ...current, metadata } : current;
      const part = new PatchedPart(whole, isCustom ? null : patch.fields);
      const bytes = encoder.encode(JSON.stringify(patch.apply(part.concerned)));
      const complete = (patched: KubeObject) => part.joined(patched, { isShared });
      const read = () =>
        tools.bodies.read(exchange, { body: bytes, format: 'json', expected, complete });
      const patched = () => patch.apply(whole);
      const { problems } = patch;
      const object = readPatched(exchange, read, { type, body, expected, problems, patched });
      if (isAside) object.metadata.managedFields = managedFields;
      return toStoredVersion(endpoint, object);
    },
    preconditions: {},
    mayCreate: false,
    ...restoring(endpoint, exchange.info.subresource),
    tracksManagers: false,
  });
}

/** A conflict means that somebody wrote between reading and writing: the patch is made again on what is there now. */
export async function retried(attempt: () => Promise<UpdateResult>): Promise<UpdateResult> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      const isConflict = error instanceof StatusError && error.reason === 'Conflict';
      if (!isConflict || isLeadershipLost(error) || count >= attemptsMax) throw error;
    }
  }
}
