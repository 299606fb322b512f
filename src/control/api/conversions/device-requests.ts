import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';

/** In v1beta1, what a request asks for exactly is among its own fields; in v1 it is in `exactly`. */
const ownFields: ReadonlySet<string> = new Set(['name', 'firstAvailable']);

/** The fields of a ResourceClaim or ResourceClaimTemplate of v1beta1 as those of v1. */
export function deviceRequestsToStored(fields: JsonObject): JsonObject {
  return mapRequests(fields, (request) => {
    const own = pick(request, (name) => ownFields.has(name));
    const exactly = pick(request, (name) => !ownFields.has(name));
    return Object.keys(exactly).length === 0 ? own : { ...own, exactly };
  });
}

/** The reverse of {@link deviceRequestsToStored}. */
export function deviceRequestsFromStored(fields: JsonObject): JsonObject {
  return mapRequests(fields, ({ exactly, ...own }) => ({
    ...own,
    ...(isJsonObject(exactly) ? exactly : {}),
  }));
}

/** The fields of a ResourceSlice of v1beta1, whose devices are `basic`, as those of v1. */
export function devicesToStored(fields: JsonObject): JsonObject {
  return mapDevices(fields, ({ basic, ...device }) => ({
    ...device,
    ...(isJsonObject(basic) ? basic : {}),
  }));
}

/** The reverse of {@link devicesToStored}. */
export function devicesFromStored(fields: JsonObject): JsonObject {
  return mapDevices(fields, ({ name, ...basic }) => ({
    ...(name === undefined ? {} : { name }),
    basic,
  }));
}

type Change = (object: JsonObject) => JsonObject;

/** Requests are in `spec.devices.requests`, of a template one `spec` deeper. */
function mapRequests(fields: JsonObject, change: Change): JsonObject {
  return at(fields, 'spec', (spec) => {
    const ofClaim = (claim: JsonObject) =>
      at(claim, 'devices', (devices) => mapList(devices, 'requests', change));
    return isJsonObject(spec.spec) ? at(spec, 'spec', ofClaim) : ofClaim(spec);
  });
}

function mapDevices(fields: JsonObject, change: Change): JsonObject {
  return at(fields, 'spec', (spec) => mapList(spec, 'devices', change));
}

function at(object: JsonObject, name: string, change: Change): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? { ...object, [name]: change(value) } : object;
}

function mapList(object: JsonObject, name: string, change: Change): JsonObject {
  const list = object[name];
  if (!Array.isArray(list)) return object;
  const changed: JsonValue[] = list.map((item) => (isJsonObject(item) ? change(item) : item));
  return { ...object, [name]: changed };
}

function pick(object: JsonObject, wants: (name: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => wants(name)));
}
