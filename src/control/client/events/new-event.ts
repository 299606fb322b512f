import type { Event, ObjectReference } from '../../api/gen/core-v1.js';
import { dnsSubdomainProblems } from '../../machinery/names.js';
import type { KubeObject } from '../../machinery/object.js';
import { formatTime } from '../../machinery/time.js';
import type { EventType } from './event-recorder.js';

/** Who tells of what happens. */
export interface EventSource {
  /** As `deployment-controller`. */
  readonly component: string;
  /** The machine; '' when it does not matter, as for controllers. */
  readonly host: string;
}

/** What is told of an object. */
export interface Told {
  readonly object: KubeObject;
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  /** The part of the object; '' is all of it. */
  readonly fieldPath?: string;
}

/** An event as it is built here: what the correlator looks at is there. */
export interface DraftEvent extends Event {
  metadata: { name: string; namespace: string };
  involvedObject: ObjectReference;
  message: string;
  reason: string;
  type: EventType;
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
}

/** The most that a wall clock says of the time, beyond its milliseconds: names of one millisecond differ by it. */
const ticksMax = 1_000_000;

/**
 * The event that says for the first time what is told. `tick` tells events of one millisecond apart; the name is the object's and the
 * time in hexadecimal, as Kubernetes' components name theirs.
 */
export function newEvent(
  { object, type, reason, message, fieldPath = '' }: Told,
  source: EventSource,
  { wallMs, tick }: { readonly wallMs: number; readonly tick: number },
): DraftEvent {
  const involvedObject = referenceTo(object);
  if (fieldPath !== '') involvedObject.fieldPath = fieldPath;
  const namespace = involvedObject.namespace ?? 'default';
  const atText = formatTime(wallMs);
  const name = eventName(involvedObject.name ?? '', wallMs, tick);
  return {
    metadata: { name, namespace },
    ...{ involvedObject, type, reason, message },
    ...{ firstTimestamp: atText, lastTimestamp: atText, count: 1 },
    source: sourceOf(source),
    reportingComponent: source.component,
    reportingInstance: source.host,
  };
}

/** The name of an event about an object at a time. What is no name of an object leaves the time alone. */
export function eventName(objectName: string, wallMs: number, tick: number): string {
  const nanos = BigInt(Math.floor(wallMs)) * 1_000_000n + BigInt(tick % ticksMax);
  const name = `${objectName}.${nanos.toString(16)}`;
  return dnsSubdomainProblems(name).length === 0 ? name : `event.${nanos.toString(16)}`;
}

function sourceOf({ component, host }: EventSource): { component: string; host?: string } {
  return host === '' ? { component } : { component, host };
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): ObjectReference {
  const reference: ObjectReference = {};
  if (kind !== undefined) reference.kind = kind;
  if (apiVersion !== undefined) reference.apiVersion = apiVersion;
  const { name, namespace, uid, resourceVersion } = metadata;
  if (name !== undefined) reference.name = name;
  if (namespace !== undefined && namespace !== '') reference.namespace = namespace;
  if (uid !== undefined) reference.uid = uid;
  if (resourceVersion !== undefined) reference.resourceVersion = resourceVersion;
  return reference;
}
