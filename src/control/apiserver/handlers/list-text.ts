import { assert } from '../../../base/assert.js';
import type { JsonObject, JsonValue } from '../../machinery/json.js';
import { yamlText } from '../negotiation/yaml-text.js';

/** A document with one long list, written a piece at a time: as one text it might be longer than V8 takes. */
export interface ListText {
  /** Up to the first value. */
  readonly head: string;
  /** What follows the last value. */
  readonly tail: string;
  /** Between pieces. */
  readonly separator: string;
  /** Some of the list's values; not none. */
  piece(values: readonly JsonValue[]): string;
}

/** How a text is written. */
export type TextForm = 'json' | 'pretty' | 'yaml';

/** The document around its list `field`, which is empty in it and will not stay so. The same text as of the whole document. */
export function listText(document: JsonObject, field: string, form: TextForm): ListText {
  switch (form) {
    case 'json':
      return around(`${JSON.stringify(document)}\n`, {
        empty: `"${field}":[]`,
        parts: [`"${field}":[`, ']'],
        separator: ',',
        piece: (values) => JSON.stringify(values).slice(1, -1),
      });
    case 'pretty':
      return around(JSON.stringify(document, null, 2), {
        empty: `"${field}": []`,
        parts: [`"${field}": [\n  `, '\n  ]'],
        separator: ',\n  ',
        // Without the brackets and their line ends, and one level deeper.
        piece: (values) => JSON.stringify(values, null, 2).slice(2, -2).replaceAll('\n', '\n  '),
      });
    case 'yaml':
      return around(yamlText(document), {
        empty: `${field}: []\n`,
        parts: [`${field}:\n`, ''],
        separator: '',
        piece: (values) => yamlText({ [field]: [...values] }).slice(`${field}:\n`.length),
      });
  }
}

function around(
  text: string,
  list: {
    readonly empty: string;
    readonly parts: readonly [before: string, after: string];
    readonly separator: string;
    piece(values: readonly JsonValue[]): string;
  },
): ListText {
  const { empty, separator, piece } = list;
  const [before, after] = list.parts;
  // The list comes last of what is that deep, and in texts the quotes are escaped.
  const at = text.lastIndexOf(empty);
  assert(at >= 0, 'the document has an empty list');
  const head = text.slice(0, at) + before;
  const tail = after + text.slice(at + empty.length);
  return { head, tail, separator, piece };
}
