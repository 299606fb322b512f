import type { ServedResource } from '../../api/scheme.js';
import { type FieldSelector, parseFieldSelector } from '../../machinery/field-selector.js';
import { type LabelSelector, parseLabelSelector } from '../../machinery/label-selector.js';
import type { KubeObject } from '../../machinery/object.js';
import { badRequest } from '../../machinery/status-errors.js';
import { indexedFieldsOf } from '../registry/kind-habits.js';
import type { IndexHint, ObjectFilter } from '../storage/contracts.js';

/** What the selectors of a request leave. */
export interface Selection {
  /** Null: everything. The same function for the same selectors, so that watchers of one kind can be served together. */
  readonly filter: ObjectFilter | null;
  /** The same for selections that keep the same objects. */
  readonly filterKey: string;
  /** What an index can look up in place of looking at all objects; undefined without. */
  readonly index: IndexHint | undefined;
  /** The one name that the field selector allows; undefined without. */
  readonly name: string | undefined;
  /** The one namespace that the field selector allows; undefined without. */
  readonly namespace: string | undefined;
}

/** Selections that are kept for the next request with the same selectors. */
const selectionsMax = 512;
/** Longer selectors are not kept: clients choose them, and they can be as long as a request's head. */
const keptLengthMax = 1024;

/** The selectors that clients use on one resource. */
export class SelectorCache {
  readonly #resource: ServedResource;
  readonly #selections = new Map<string, Selection>();

  constructor(resource: ServedResource) {
    this.#resource = resource;
  }

  /** Throws 400 for a selector that is none, or that names a field which cannot be selected by. */
  selection(selectors: { readonly labels: string; readonly fields: string }): Selection {
    const key = `${selectors.labels}\n${selectors.fields}`;
    const known = this.#selections.get(key);
    if (known !== undefined) return known;
    const selection = select(this.#resource, selectors);
    if (key.length > keptLengthMax) return selection;
    if (this.#selections.size >= selectionsMax) {
      for (const oldest of this.#selections.keys()) {
        this.#selections.delete(oldest);
        break;
      }
    }
    this.#selections.set(key, selection);
    return selection;
  }
}

function select(
  resource: ServedResource,
  selectors: { readonly labels: string; readonly fields: string },
): Selection {
  const fields = parseFieldSelector(selectors.fields);
  for (const { field } of fields.requirements) checkField(resource, field);
  const labels = parseLabelSelector(selectors.labels);
  return {
    filter: filterOf(resource, labels, fields),
    filterKey: `${resource.version}\n${selectors.labels}\n${selectors.fields}`,
    index: indexOf(resource, fields),
    name: exactValue(fields, 'metadata.name'),
    namespace: exactValue(fields, 'metadata.namespace'),
  };
}

const commonFields: readonly string[] = ['metadata.name', 'metadata.namespace'];

function checkField({ rules }: ServedResource, field: string): void {
  if (commonFields.includes(field)) return;
  if (rules.selectableFields === undefined) {
    throw badRequest(
      `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  if (!Object.hasOwn(rules.selectableFields, field)) {
    throw badRequest(`field label not supported: ${field}`);
  }
}

function filterOf(
  { rules, conversion }: ServedResource,
  labels: LabelSelector,
  fields: FieldSelector,
): ObjectFilter | null {
  const wantsLabels = !labels.isEverything;
  if (!wantsLabels && fields.isEverything) return null;
  const fieldValue = (object: KubeObject, field: string): string => {
    if (field === 'metadata.name') return object.metadata.name ?? '';
    if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
    return rules.selectableFields?.[field]?.(object) ?? '';
  };
  return (stored) => {
    if (wantsLabels && !labels.matches(stored.metadata.labels)) return false;
    if (fields.isEverything) return true;
    const object = conversion === null ? stored : conversion.fromStored(stored);
    return fields.matches((field) => fieldValue(object, field));
  };
}

function indexOf(resource: ServedResource, fields: FieldSelector): IndexHint | undefined {
  const indexed = indexedFieldsOf(resource);
  for (const { field, operator, value } of fields.requirements) {
    if (operator === '=' && indexed.includes(field)) return { index: field, value };
  }
  return undefined;
}

function exactValue(fields: FieldSelector, field: string): string | undefined {
  return fields.requirements.find((one) => one.field === field && one.operator === '=')?.value;
}
