import type { FieldError } from '../../machinery/field-errors.js';
import { fieldPath, invalidValue, notSupported } from '../../machinery/field-path.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import type { KubeObject } from '../../machinery/object.js';
import { badRequest, invalid } from '../../machinery/status-errors.js';
import type { Preconditions } from '../storage/contracts.js';
import { booleanParameter, integerParameter } from './query-values.js';
import { dryRunProblems } from './write-options.js';

/** What becomes of objects whose owner is deleted. */
export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

/** How a deletion is asked for (metav1.DeleteOptions). */
export interface DeleteOptions {
  readonly isDryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly preconditions: Preconditions;
  /** Undefined: as the kind has it. */
  readonly propagationPolicy: PropagationPolicy | undefined;
  /** The older way to say Orphan (true) or Background (false). */
  readonly orphanDependents: boolean | undefined;
}

/** What a deletion asks for when it says nothing. */
export const defaultDeleteOptions: DeleteOptions = {
  isDryRun: false,
  gracePeriodSeconds: undefined,
  preconditions: {},
  propagationPolicy: undefined,
  orphanDependents: undefined,
};

interface RawDeleteOptions {
  readonly dryRun: readonly string[];
  readonly gracePeriodSeconds: number | undefined;
  readonly preconditions: Preconditions;
  readonly propagationPolicy: string | undefined;
  readonly orphanDependents: boolean | undefined;
}

/** Reads the options from the body (null without one) or else from the query. Throws 400 or 422. */
export function parseDeleteOptions(body: JsonObject | null, query: URLSearchParams): DeleteOptions {
  const raw = body === null ? fromQuery(query) : fromBody(body);
  const errors = problems(raw);
  if (errors.length > 0) {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  }
  const { gracePeriodSeconds, preconditions, orphanDependents } = raw;
  return {
    isDryRun: raw.dryRun.length > 0,
    gracePeriodSeconds,
    preconditions,
    propagationPolicy: raw.propagationPolicy as PropagationPolicy | undefined,
    orphanDependents,
  };
}

/** The options as an object, as admission webhooks are told. */
export function deleteOptionsObject(options: DeleteOptions): KubeObject {
  const fields = {
    apiVersion: 'meta.k8s.io/v1',
    kind: 'DeleteOptions',
    ...(options.isDryRun ? { dryRun: ['All'] } : {}),
    ...(options.gracePeriodSeconds === undefined
      ? {}
      : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.propagationPolicy === undefined
      ? {}
      : { propagationPolicy: options.propagationPolicy }),
  };
  return fields as unknown as KubeObject;
}

function fromQuery(query: URLSearchParams): RawDeleteOptions {
  return {
    dryRun: query.getAll('dryRun').filter((value) => value !== ''),
    gracePeriodSeconds: integerParameter(query, 'gracePeriodSeconds'),
    preconditions: {},
    propagationPolicy: query.get('propagationPolicy') || undefined,
    orphanDependents: booleanParameter(query, 'orphanDependents'),
  };
}

function fromBody(body: JsonObject): RawDeleteOptions {
  if (body.kind !== undefined && body.kind !== '' && body.kind !== 'DeleteOptions') {
    throw badRequest('decoded object cannot be converted to DeleteOptions');
  }
  const preconditions = (body.preconditions ?? {}) as JsonObject;
  const uid = text(preconditions.uid, 'preconditions.uid');
  const resourceVersion = text(preconditions.resourceVersion, 'preconditions.resourceVersion');
  return {
    dryRun: Array.isArray(body.dryRun) ? body.dryRun.map((value) => String(value)) : [],
    gracePeriodSeconds: number(body.gracePeriodSeconds),
    preconditions: {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    propagationPolicy: text(body.propagationPolicy, 'propagationPolicy'),
    orphanDependents:
      typeof body.orphanDependents === 'boolean' ? body.orphanDependents : undefined,
  };
}

function text(value: JsonValue | undefined, field: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw badRequest(
    `json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.${field} of type string`,
  );
}

function number(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw badRequest(
    `json: cannot unmarshal ${typeof value} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
  );
}

function problems(options: RawDeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  const path = fieldPath('propagationPolicy');
  const policy = options.propagationPolicy;
  if (policy !== undefined && options.orphanDependents !== undefined) {
    errors.push(
      invalidValue(path, policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    errors.push(notSupported(path, policy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  errors.push(...dryRunProblems(options.dryRun));
  return errors;
}
