import { defined } from '../../../base/assert.js';
import { scaleTable } from '../../api/autoscaling-v1/scale-table.js';
import type { Scale } from '../../api/gen/autoscaling-v1.js';
import { schemaOf } from '../../api/schema.js';
import type { KubeObject, ManagedFieldsEntry } from '../../machinery/object.js';
import { badRequest } from '../../machinery/status-errors.js';
import type { Exchange } from '../exchange.js';
import { optionsObject, parseWriteOptions, type WriteOptions } from '../options/write-options.js';
import { scaleOf, withScale } from '../registry/subresources/scale.js';
import type { UpdateResult } from '../registry/update.js';
import { fieldManagementOf, readApplied } from './apply.js';
import { protobufOf, type ResourceEndpoint } from './endpoint.js';
import type { HandlerTools } from './handler-tools.js';
import { negotiate } from './output.js';
import { patchTypeOf, retried } from './patch.js';
import { parsePatch } from './patch-body.js';
import { readBody } from './read-body.js';
import { readPatched } from './read-patched.js';
import { sendObject } from './send-object.js';
import { verbNotAllowed } from './verb-not-allowed.js';
import { writeRequest } from './write-context.js';

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const;
const encoder = new TextEncoder();

/** The scale subresource of a workload: read, replaced or patched. */
export async function handleScale(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<void> {
  const output = negotiate(exchange, protobufOf(endpoint, tools));
  const { verb, namespace, name } = exchange.info;
  let object: KubeObject;
  if (verb === 'get') {
    object = (await endpoint.registry.storage.get(namespace, name, { at: 'latest' })).object;
  } else if (verb === 'update') {
    object = (await replaceScale(exchange, endpoint, tools)).stored.object;
  } else if (verb === 'patch') {
    object = (await patchScale(exchange, endpoint, tools)).stored.object;
  } else throw verbNotAllowed();
  const scale = scaleOf(object, endpoint.resource);
  await sendObject(exchange, output, { status: 200, object: scale, layout: scaleTable });
}

async function replaceScale(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<UpdateResult> {
  const options = parseWriteOptions(exchange.query, 'UpdateOptions');
  const body = await readBody(exchange);
  const scale = tools.bodies.decode(exchange, body, expectedScale(options)) as Scale;
  const given = scale.metadata.name ?? '';
  if (given !== '' && given !== exchange.info.name) {
    throw badRequest(
      `the name of the object (${given}) does not match the name on the URL (${exchange.info.name})`,
    );
  }
  return write(exchange, endpoint, { options, kind: 'UpdateOptions', scaleFor: () => scale });
}

async function patchScale(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  tools: HandlerTools,
): Promise<UpdateResult> {
  const type = patchTypeOf(exchange, endpoint);
  const options = parseWriteOptions(exchange.query, 'PatchOptions', type === 'apply');
  if (type === 'apply') return applyScale(exchange, endpoint, options);
  const expected = expectedScale(options);
  const patchBody = await readBody(exchange);
  const patch = parsePatch(type, patchBody, expected);
  const scaleFor = (current: KubeObject): Scale => {
    const patched = patch.apply(scaleOf(current, endpoint.resource));
    const body = encoder.encode(JSON.stringify(patched));
    const read = () => tools.bodies.read(exchange, { body, format: 'json', expected });
    return readPatched(exchange, read, {
      ...{ type, expected, problems: patch.problems },
      body: patchBody,
      patched: () => patched,
    }) as Scale;
  };
  return retried(() => write(exchange, endpoint, { options, kind: 'PatchOptions', scaleFor }));
}

async function applyScale(
  exchange: Exchange,
  endpoint: ResourceEndpoint,
  options: WriteOptions,
): Promise<UpdateResult> {
  const { registry, resource } = endpoint;
  const fieldManagement = fieldManagementOf(endpoint);
  const applied = readApplied(exchange, { body: await readBody(exchange), options }, scaleKind);
  const manager = options.fieldManager;
  const force = options.force === true;
  return update(exchange, registry, { options, kind: 'PatchOptions' }, (live) => {
    const scaleBefore = scaleOf(live, resource);
    const change = { resource, live, scaleBefore, applied, manager, force, nowMs: exchange.nowMs };
    const { scale, managedFields } = fieldManagement.applyScale(change);
    return withEntries(withScale(resource, live, scale as Scale), managedFields);
  });
}

function write(
  exchange: Exchange,
  { registry, resource }: ResourceEndpoint,
  {
    options,
    kind,
    scaleFor,
  }: {
    readonly options: WriteOptions;
    readonly kind: 'UpdateOptions' | 'PatchOptions';
    readonly scaleFor: (current: KubeObject) => Scale;
  },
): Promise<UpdateResult> {
  return update(exchange, registry, { options, kind }, (live, manager) => {
    const scale = scaleFor(live);
    const object = withScale(resource, live, scale);
    const change = { resource, live, scaleBefore: scaleOf(live, resource), scale, manager };
    const { fieldManagement } = registry.options;
    const entries = fieldManagement?.trackScale({ ...change, nowMs: exchange.nowMs });
    return withEntries(object, entries);
  });
}

function update(
  exchange: Exchange,
  registry: ResourceEndpoint['registry'],
  {
    options,
    kind,
  }: { readonly options: WriteOptions; readonly kind: 'UpdateOptions' | 'PatchOptions' },
  scaled: (live: KubeObject, manager: string) => KubeObject,
): Promise<UpdateResult> {
  const request = writeRequest(exchange, { ...options, options: optionsObject(kind, options) });
  return registry.update(request, exchange.info.name, {
    updated: (current) => scaled(defined(current, 'a scaled object'), request.manager),
    preconditions: {},
    mayCreate: false,
    prepare: () => {},
    tracksManagers: true,
  });
}

/** The object, which the caller owns, with these managed fields. */
function withEntries(object: KubeObject, entries: ManagedFieldsEntry[] | undefined): KubeObject {
  if (entries === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = entries;
  return object;
}

function expectedScale({ fieldValidation }: WriteOptions) {
  const schema = defined(schemaOf(scaleKind), 'schema of Scale');
  return { of: scaleKind, schema, isCustom: false, setDefaults: undefined, fieldValidation };
}
