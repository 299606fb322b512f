import type { JsonValue } from '../../machinery/json.js';

/** JSON data as Go prints it: `map[spec:map[replicas:3]]`, with members in the order of the alphabet. */
export function goValueText(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValueText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${name}:${goValueText(value[name] ?? null)}`);
  return `map[${members.join(' ')}]`;
}
