import { stringify } from 'yaml';
import type { JsonObject } from '../../machinery/json.js';

/** A document as YAML. What several objects share in memory is written out for each: clients know no anchors. */
export function yamlText(document: JsonObject): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}
