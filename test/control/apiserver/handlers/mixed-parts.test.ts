import t from 'tap';
import { MixedParts } from '../../../../src/control/apiserver/handlers/mixed-parts.js';

const encoder = new TextEncoder();
const bytesOf = (text: string) => [encoder.encode(text)];
const long = 'ü'.repeat(50_000);

const cases: Readonly<Record<string, readonly (string | readonly Uint8Array[])[]>> = {
  'of nothing': [],
  'of bytes alone': [bytesOf('a'), bytesOf('b')],
  'of an object in two parts': [[...bytesOf('a'), ...bytesOf('b')], 'c'],
  'of texts alone': ['a', 'ü', 'c'],
  'of texts around bytes': ['a', bytesOf('b'), 'c', bytesOf('d'), bytesOf('e')],
  'of long texts': [long, 'a', long, bytesOf('b'), long, long],
};

for (const [what, added] of Object.entries(cases)) {
  t.test(`MixedParts ${what} are what was added, in order`, async (t) => {
    const parts = new MixedParts();
    added.forEach((part, at) => {
      if (at > 0) parts.addComma();
      parts.add(part);
    });
    const text = (part: string | readonly Uint8Array[]) =>
      typeof part === 'string' ? part : Buffer.concat(part).toString();
    t.equal(Buffer.concat(parts.take()).toString(), added.map(text).join(','));
  });
}

t.test('MixedParts encode many texts together', async (t) => {
  const parts = new MixedParts();
  for (let at = 0; at < 1000; at++) parts.add('text');
  t.equal(parts.take().length, 1);
});
