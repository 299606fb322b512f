import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '../../api/gen/admissionregistration-v1.js';
import { CompileError } from '../../cel/parse.js';
import { CelError, type CelValue, isList, isMap, Uint } from '../../cel/values.js';
import { cloneJson } from '../../machinery/clone.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { applyJsonPatch } from '../../machinery/patch/json-patch.js';
import { applyStrategicMergePatch } from '../../machinery/patch/strategic-merge-patch.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import { StatusError } from '../../machinery/status.js';
import { definePlugin } from '../admission/plugin.js';
import { refusal } from '../admission/refusal.js';
import { isExempt } from '../admission/webhooks/webhook-match.js';
import type { AdmissionPlugin, AdmissionRequest } from '../contracts.js';
import { AdmissionExpressions } from './admission-activation.js';
import { conditionsHold } from './match-conditions.js';
import { matchesResources } from './policy-match.js';
import { ParamsError, paramsOf } from './policy-params.js';
import { deniedFor, namespaceOf, type PolicyParts } from './validating-policy-plugin.js';

/** What mutations need beyond what all policies need. */
export interface MutatingParts extends PolicyParts {
  /** Reads what a policy made of an object as a body is read. Throws StatusError. */
  normalize(request: AdmissionRequest, object: KubeObject): KubeObject;
  readonly schemaOf: (request: AdmissionRequest) => SchemaNode | undefined;
}

/** A mutation that is none. */
class MutationError extends Error {
  override readonly name = 'MutationError';
}

const operations = ['CREATE', 'UPDATE'] as const;
const group = 'admissionregistration.k8s.io';
const policies = { group, resource: 'mutatingadmissionpolicies' };
const bindings = { group, resource: 'mutatingadmissionpolicybindings' };

/** Lets the cluster's MutatingAdmissionPolicies change objects, by name, one after the other. */
export function mutatingAdmissionPolicy(parts: MutatingParts): AdmissionPlugin {
  return definePlugin('MutatingAdmissionPolicy', operations, {
    mutate: (request) => mutate(request, parts),
  });
}

async function mutate(request: AdmissionRequest, parts: MutatingParts): Promise<void> {
  if (isExempt(request) || request.object === null) return;
  const { services } = parts;
  const all = (await services.objects.list(policies, '')) as readonly MutatingAdmissionPolicy[];
  if (all.length === 0) return;
  const bound = (await services.objects.list(
    bindings,
    '',
  )) as readonly MutatingAdmissionPolicyBinding[];
  /** Those that want to see what came after them. */
  const again: (() => Promise<void>)[] = [];
  for (const policy of all) {
    if (!(await matchesResources(policy.spec?.matchConstraints, request, services))) continue;
    for (const binding of bound) {
      if (binding.spec?.policyName !== policy.metadata.name) continue;
      if (!(await matchesResources(binding.spec?.matchResources, request, services))) continue;
      const before = cloneJson(request.object);
      const apply = () => applyPolicy(policy, binding, request, parts);
      await apply();
      const isChanged = !deepEqual(before, request.object);
      if (isChanged) for (const repeat of again.splice(0)) await repeat();
      if (policy.spec?.reinvocationPolicy === 'IfNeeded') again.push(apply);
    }
  }
}

async function applyPolicy(
  policy: MutatingAdmissionPolicy,
  binding: MutatingAdmissionPolicyBinding,
  request: AdmissionRequest,
  parts: MutatingParts,
): Promise<void> {
  const { spec = {} } = policy;
  try {
    for (const params of await paramsOf(spec.paramKind, binding.spec?.paramRef, request, parts)) {
      const expressions = () => expressionsFor(policy, params, request, parts);
      if (!(await conditionsHold(spec.matchConditions ?? [], await expressions()))) continue;
      for (const mutation of spec.mutations ?? [])
        await applyMutation(mutation, await expressions(), request, parts);
    }
  } catch (error) {
    const isTheirs = [ParamsError, CelError, CompileError, MutationError, StatusError].some(
      (kind) => error instanceof kind,
    );
    if (!isTheirs) throw error;
    if (spec.failurePolicy === 'Ignore') return;
    const { message } = error as Error;
    const text = `policy '${policy.metadata.name ?? ''}' with binding '${binding.metadata.name ?? ''}' denied request: ${message}`;
    throw deniedFor(refusal(request, text), 'Invalid', message);
  }
}

async function expressionsFor(
  { spec = {} }: MutatingAdmissionPolicy,
  params: KubeObject | null | undefined,
  request: AdmissionRequest,
  { services }: MutatingParts,
): Promise<AdmissionExpressions> {
  return new AdmissionExpressions({
    ...{ request, params, authorizer: services.authorizer },
    namespace: await namespaceOf(request, services),
    variables: spec.variables ?? [],
  });
}

async function applyMutation(
  { patchType, applyConfiguration, jsonPatch }: Mutation,
  expressions: AdmissionExpressions,
  request: AdmissionRequest,
  parts: MutatingParts,
): Promise<void> {
  const { object } = request;
  if (object === null) return;
  const current = fieldsOf(object);
  const made =
    patchType === 'JSONPatch'
      ? applyJsonPatch(
          current,
          operationsOf(await expressions.evaluate(jsonPatch?.expression ?? '', 'json-patch')),
        )
      : configured(
          current,
          jsonOf(
            await expressions.evaluate(applyConfiguration?.expression ?? '', 'apply-configuration'),
          ),
          parts.schemaOf(request),
        );
  if (!isJsonObject(made)) throw new MutationError('the mutation does not make an object');
  const read = parts.normalize(request, made as unknown as KubeObject);
  for (const name of Object.keys(current)) delete current[name];
  Object.assign(current, fieldsOf(read));
}

/** What an apply configuration names is merged: lists by their keys, all else by its fields. */
function configured(
  current: JsonObject,
  configuration: JsonValue,
  schema: SchemaNode | undefined,
): JsonValue {
  if (!isJsonObject(configuration)) throw new MutationError('the apply configuration is no object');
  if (schema === undefined) throw new MutationError('there is no schema to apply it by');
  return applyStrategicMergePatch(current, configuration, schema);
}

/** Operations with their values; those of `value` null are kept as null. */
function operationsOf(value: CelValue): JsonValue[] {
  const operationsList = jsonOf(value);
  if (!Array.isArray(operationsList)) throw new MutationError('the JSON patch is no list');
  return operationsList;
}

function jsonOf(value: CelValue): JsonValue {
  if (
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'string' ||
    typeof value === 'number'
  )
    return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (isList(value)) return value.map(jsonOf);
  if (isMap(value)) {
    const fields: JsonObject = {};
    for (const [key, field] of value) fields[String(key)] = jsonOf(field);
    return fields;
  }
  throw new MutationError('a mutation holds a value that has no form in JSON');
}
