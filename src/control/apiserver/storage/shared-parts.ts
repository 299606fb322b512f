import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject, setField } from '../../machinery/json-object.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';

/** Parts whose JSON is shorter are not worth a look; longer ones would be too much to keep. */
const charsMin = 64;
const charsMax = 16 * 1024;
const sharedMax = 4096;
/** What was met once, lately. */
const metOnceMax = 256;

/**
 * The parts of `spec` that are lists or objects, by their JSON. Pods of one template have the same containers, volumes and tolerations, which
 * are the most of what a pod costs in memory: they hold the same ones. What was met once only is not kept for long.
 */
const shared = new Map<string, object>();
const metOnce = new Map<string, object>();
/** The JSON of what is in {@link shared}: it is not written again. */
const texts = new WeakMap<object, string>();

/** Lets a new object share parts of its spec with others, in place. From now on nobody changes those parts. */
export function shareParts(object: KubeObject): void {
  const spec = specOf(object);
  if (spec === null) return;
  for (const name of Object.keys(spec)) {
    const part = spec[name];
    if (typeof part !== 'object' || part === null || texts.has(part)) continue;
    const same = sharedByText(JSON.stringify(part), part);
    if (same !== part) setField(spec, name, same as JsonObject);
  }
}

function sharedByText(text: string, part: object): object {
  if (text.length < charsMin || text.length > charsMax) return part;
  const known = shared.get(text);
  if (known !== undefined) return known;
  const met = metOnce.get(text);
  if (met === undefined) {
    if (metOnce.size >= metOnceMax) metOnce.clear();
    metOnce.set(text, part);
    return part;
  }
  metOnce.delete(text);
  // Who holds some keeps them; the next ones are shared anew.
  if (shared.size >= sharedMax) shared.clear();
  shared.set(text, met);
  texts.set(met, text);
  return met;
}

/** The JSON of an object's field; undefined as JSON.stringify has it. What of it is shared is written already. */
export function fieldText(object: KubeObject, name: string): string | undefined {
  const value = fieldsOf(object)[name];
  const spec = name === 'spec' ? specOf(object) : null;
  if (spec === null) return JSON.stringify(value);
  let text = '';
  for (const [part, of] of Object.entries(spec)) {
    const known = typeof of === 'object' && of !== null ? texts.get(of) : undefined;
    const written = known ?? JSON.stringify(of);
    if (written !== undefined)
      text += `${text === '' ? '' : ','}${JSON.stringify(part)}:${written}`;
  }
  return `{${text}}`;
}

function specOf(object: KubeObject): JsonObject | null {
  const { spec } = fieldsOf(object);
  return spec !== undefined && isJsonObject(spec) ? spec : null;
}
