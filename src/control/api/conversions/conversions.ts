import { defined } from '../../../base/assert.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import {
  apiVersionOf,
  fieldsOf,
  type GroupVersionKind,
  type KubeObject,
} from '../../machinery/object.js';
import { badRequest } from '../../machinery/status-errors.js';
import { canonicalObject } from '../codec/decode.js';
import { DecodeError } from '../codec/decode-error.js';
import type { ResourceRow } from '../rows.js';
import { schemaOf } from '../schema.js';
import type { VersionConversion } from '../version-conversion.js';
import {
  deviceRequestsFromStored,
  deviceRequestsToStored,
  devicesFromStored,
  devicesToStored,
} from './device-requests.js';
import { eventFromCore, eventToCore } from './events.js';
import { autoscalerFromV2, autoscalerToV2 } from './horizontal-pod-autoscaler.js';

/** The fields of an object of one version as fields of the other; apiVersion and zero values are seen to around it. */
type FieldConversion = (fields: JsonObject) => JsonObject;

interface Conversion {
  readonly toStored: FieldConversion;
  readonly fromStored: FieldConversion;
}

const same: Conversion = { toStored: (fields) => fields, fromStored: (fields) => fields };

const conversions: Readonly<Record<string, Conversion>> = {
  'autoscaling/v1/HorizontalPodAutoscaler': {
    toStored: autoscalerToV2,
    fromStored: autoscalerFromV2,
  },
  'events.k8s.io/v1/Event': { toStored: eventToCore, fromStored: eventFromCore },
  'resource.k8s.io/v1beta1/ResourceClaim': {
    toStored: deviceRequestsToStored,
    fromStored: deviceRequestsFromStored,
  },
  'resource.k8s.io/v1beta1/ResourceClaimTemplate': {
    toStored: deviceRequestsToStored,
    fromStored: deviceRequestsFromStored,
  },
  'resource.k8s.io/v1beta1/ResourceSlice': {
    toStored: devicesToStored,
    fromStored: devicesFromStored,
  },
};

/**
 * The conversion between a built-in resource's version and the version that is stored; null when they are the same, or nothing is
 * stored. Versions that are not listed have the same fields as the stored one.
 */
export function conversionOf(row: ResourceRow): VersionConversion | null {
  const { storage, kind } = row;
  if (storage === null || (storage.group === row.group && storage.version === row.version))
    return null;
  const { toStored, fromStored } = conversions[`${apiVersionOf(row)}/${kind}`] ?? same;
  const stored = { group: storage.group, version: storage.version, kind };
  const served = { group: row.group, version: row.version, kind };
  return {
    toStored: (object) => convert(object, toStored, stored),
    fromStored: (object) => convert(object, fromStored, served),
  };
}

/** What a client wrote into annotations may be nonsense: that is its error, not ours. */
function convert(object: KubeObject, fields: FieldConversion, of: GroupVersionKind): KubeObject {
  const converted = { metadata: {} as JsonValue, ...fields(fieldsOf(object)) };
  const schema = defined(schemaOf(of), `schema of ${of.kind}`);
  try {
    return canonicalObject(converted as unknown as KubeObject, { of, schema });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw badRequest(`${of.kind} cannot be converted to ${apiVersionOf(of)}: ${error.message}`);
  }
}
