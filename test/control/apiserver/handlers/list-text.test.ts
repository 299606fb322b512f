import t from 'tap';
import { stringify } from 'yaml';
import { listText } from '../../../../src/control/apiserver/handlers/list-text.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';

const shared = { deep: [1, { a: 'line\nbreak', b: '"items": []', c: 'items: []\n' }], empty: [] };
const values: readonly JsonValue[] = [
  { kind: 'Pod', shared },
  { kind: 'Pod', shared, metadata: {} },
  {},
  { items: [], text: '' },
];
const heads: Readonly<Record<string, JsonObject>> = {
  items: { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' } },
  rows: {
    kind: 'Table',
    metadata: { remainingItemCount: 3 },
    columnDefinitions: [{ name: 'rows', description: '"rows": [],' }],
  },
};
const forms = {
  json: (document: JsonObject) => `${JSON.stringify(document)}\n`,
  pretty: (document: JsonObject) => JSON.stringify(document, null, 2),
  yaml: (document: JsonObject) =>
    stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }),
};

for (const [form, write] of Object.entries(forms)) {
  t.test(`listText as ${form} is the text of the whole document`, async (t) => {
    for (const [field, head] of Object.entries(heads)) {
      const {
        head: begin,
        tail,
        separator,
        piece,
      } = listText({ ...head, [field]: [] }, field, form as keyof typeof forms);
      for (const size of [1, 2, 3, 4]) {
        const pieces: string[] = [];
        for (let at = 0; at < values.length; at += size)
          pieces.push(piece(values.slice(at, at + size)));
        const whole = write({ ...head, [field]: [...values] });
        t.equal(begin + pieces.join(separator) + tail, whole, `${field}, ${size} at a time`);
      }
    }
  });
}
