import type { JsonObject } from '../../machinery/json.js';

/** Fields of events.k8s.io/v1, and what the core group calls them. All others have the same name. */
const names: readonly (readonly [events: string, core: string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

const toCore: ReadonlyMap<string, string> = new Map(names);
const fromCore: ReadonlyMap<string, string> = new Map(
  names.map(([events, core]) => [core, events]),
);

/** The fields of an event of events.k8s.io/v1 as those of core/v1. */
export function eventToCore(fields: JsonObject): JsonObject {
  return rename(fields, toCore);
}

/** The fields of an event of core/v1 as those of events.k8s.io/v1. */
export function eventFromCore(fields: JsonObject): JsonObject {
  return rename(fields, fromCore);
}

function rename(fields: JsonObject, to: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [to.get(name) ?? name, value]),
  );
}
