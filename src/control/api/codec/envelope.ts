import type { JsonObject } from '../../machinery/json.js';
import { getField } from '../../machinery/json-object.js';
import { apiVersionOf, type GroupVersionKind } from '../../machinery/object.js';
import type { SchemaNode } from '../../machinery/schema-node.js';
import type { StatusError } from '../../machinery/status.js';
import { badRequest } from '../../machinery/status-errors.js';
import { describeValue, type ReadValue } from './decode-error.js';

/** Tells the kinds that there are from those that there are not; a Scheme does. */
export interface KindLookup {
  kind(of: GroupVersionKind): { readonly schema: SchemaNode } | undefined;
}

interface Expected {
  readonly of: GroupVersionKind;
}

interface ExpectedKind extends Expected {
  readonly schema: SchemaNode;
}

/** The kind that a body says it is of; what it leaves out is what is expected. Throws StatusError 400. */
export function kindOf(value: JsonObject, { of }: Expected, body: Uint8Array): GroupVersionKind {
  const text = (name: 'apiVersion' | 'kind') => {
    const field: ReadValue = getField(value, name) ?? '';
    if (typeof field === 'string') return field;
    const problem = `json: cannot unmarshal ${describeValue(field)} into Go struct field .${name} of type string`;
    throw unrecognized(body, { of }, `couldn't get version/kind; json parse error: ${problem}`);
  };
  const [apiVersion, kind] = [text('apiVersion'), text('kind') || of.kind];
  if (apiVersion === '' || apiVersion === '/') return { ...of, kind };
  const parts = apiVersion.split('/');
  if (parts.length > 2)
    throw unrecognized(body, { of }, `unexpected GroupVersion string: ${apiVersion}`);
  const [group = '', version = ''] = parts.length === 2 ? parts : ['', ...parts];
  return { group, version: version === '' && group === of.group ? of.version : version, kind };
}

/** Where Kubernetes' server keeps its registry of types, as its error texts have it. */
const registry = 'pkg/api/legacyscheme/scheme.go:30';

/** Refuses a body that says it is of another kind than is expected. Throws StatusError 400. */
export function checkKind(
  kinds: KindLookup,
  kind: GroupVersionKind,
  { of, schema }: ExpectedKind,
): void {
  const isKind = kind.kind === of.kind && kind.group === of.group;
  if (isKind && kind.version === of.version) return;
  const said = apiVersionOf(kind);
  const known = kinds.kind(kind);
  // Options are the same kind in every group.
  if (kind.kind === of.kind && known?.schema === schema) return;
  if (known === undefined) {
    const text = `no kind "${kind.kind}" is registered for version "${said}" in scheme "${registry}"`;
    throw cannotBeHandled(kind, { of }, text);
  }
  if (!isKind) {
    const [from, to] = [`${kind.version}.${kind.kind}`, `${internalPackage(of.group)}.${of.kind}`];
    throw cannotBeHandled(kind, { of }, `converting (${from}) to (${to}): unknown conversion`);
  }
  throw badRequest(
    `the API version in the data (${said}) does not match the expected API version (${apiVersionOf(of)})`,
  );
}

/** What Kubernetes calls the package of its own types of a group. */
function internalPackage(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] ?? group);
}

/** 400: the body is of a kind, but cannot be read as what is expected. */
export function cannotBeHandled(
  kind: GroupVersionKind,
  { of }: Expected,
  problem: string,
): StatusError {
  return badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${of.kind}: ${problem}`,
  );
}

/** 400: the body does not even say what kind it is of. */
export function unrecognized(body: Uint8Array, { of }: Expected, problem: string): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${of.kind}): ${problem} (${summaryOf(body)})`,
  );
}

const summaryBytes = 30;

/** The start of a body, in hex when it does not look like an object. */
function summaryOf(body: Uint8Array): string {
  if (body.length === 0) return '<empty>';
  const encoding = body[0] === 0x7b ? 'utf8' : 'hex';
  const text = Buffer.from(body.subarray(0, summaryBytes)).toString(encoding);
  return body.length > summaryBytes ? `${text} ...` : text;
}
