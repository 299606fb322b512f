import { descriptionsText } from '../gen/descriptions-data.js';
import { schemaFacts } from '../schema-facts.js';

/** Of one definition: by field, what it is for; '' is the definition itself. Fields without a text are not there. */
export type Descriptions = Readonly<Record<string, string>>;

const none: Descriptions = {};
/** By the first column of the file: the end of a definition's name, or `*` and the end of many. */
let sections: ReadonlyMap<string, Descriptions> | undefined;
/** Sections of many definitions, the most general first. */
let patterns: readonly string[] = [];

/** What `kubectl explain` says of a definition, as `io.k8s.api.core.v1.Pod`, and its fields. */
export function descriptionsOf(definition: string): Descriptions {
  sections ??= parse();
  const end = definition.split('.').slice(-3).join('.');
  const isKind = schemaFacts().definitions[definition]?.['group-version-kind'] !== undefined;
  const matching = patterns.filter((pattern) =>
    pattern === '*' ? isKind : end.endsWith(pattern.slice(1)),
  );
  const found = [...matching, end].map((name) => sections?.get(name) ?? none);
  return Object.assign({}, ...found);
}

/** The same of the fields that objects of every kind have: `apiVersion`, `kind` and `metadata`. */
export function commonDescriptions(): Descriptions {
  sections ??= parse();
  return sections.get('*') ?? none;
}

/** Lines of definition, field and text, with tabs between them. */
function parse(): ReadonlyMap<string, Descriptions> {
  const found = new Map<string, Record<string, string>>();
  for (const line of descriptionsText.split('\n')) {
    const [definition = '', field = '', description = ''] = line.split('\t');
    if (description === '') continue;
    const fields = found.get(definition) ?? {};
    found.set(definition, fields);
    fields[field] = description;
  }
  const general = [...found.keys()].filter((name) => name.startsWith('*'));
  patterns = general.sort((a, b) => a.length - b.length);
  return found;
}
