import { descriptionsText } from '../gen/descriptions-data.js';

/** Of one definition: by field, what it is for; '' is the definition itself. Fields without a text are not there. */
export type Descriptions = Readonly<Record<string, string>>;

const none: Descriptions = {};
let byDefinition: ReadonlyMap<string, Descriptions> | undefined;

/** What `kubectl explain` says of a definition and its fields. */
export function descriptionsOf(definition: string): Descriptions {
  byDefinition ??= parse(descriptionsText);
  return byDefinition.get(definition) ?? none;
}

/** Lines of definition, field and text, with tabs between them. */
function parse(text: string): ReadonlyMap<string, Descriptions> {
  const found = new Map<string, Record<string, string>>();
  for (const line of text.split('\n')) {
    const [definition = '', field = '', description = ''] = line.split('\t');
    if (description === '') continue;
    const fields = found.get(definition) ?? {};
    found.set(definition, fields);
    fields[field] = description;
  }
  return found;
}
