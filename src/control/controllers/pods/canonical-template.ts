import type { JsonValue } from '../../machinery/json.js';

/**
 * Fields where `{}` says the same as nothing, since they are maps or structures without a pointer in Kubernetes' types. Elsewhere it
 * does not: an empty selector selects everything, and none selects nothing.
 */
const emptyIsAbsent: ReadonlySet<string> = new Set([
  ...['labels', 'annotations', 'matchLabels', 'nodeSelector', 'metadata'],
  ...['resources', 'limits', 'requests', 'overhead', 'volumeAttributes', 'options'],
]);

/**
 * JSON that is the same text for templates that mean the same: names are sorted, and what is absent, null or an empty list is left
 * out.
 */
export function canonicalTemplate(template: unknown): string {
  return canonicalJson((template ?? null) as JsonValue);
}

function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const field = value[name];
    if (field === undefined || field === null) continue;
    const text = canonicalJson(field);
    if (text === '[]' || (text === '{}' && emptyIsAbsent.has(name))) continue;
    fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${fields.join(',')}}`;
}
