import t from 'tap';
import { parseYaml } from '../../../../src/control/api/codec/yaml.js';

const encoder = new TextEncoder();

t.test('parseYaml refuses what would take much longer than its bytes', async (t) => {
  const texts = {
    anchors: `a: ${'&a '.repeat(300_000)}`,
    tags: `a: ${'!t '.repeat(300_000)}`,
    items: `a: [${'a,'.repeat(400_000)}]`,
    comments: '#\n'.repeat(400_000),
  };
  for (const [name, text] of Object.entries(texts))
    t.throws(() => parseYaml(encoder.encode(text)), { message: /too many parts/ }, name);
});

t.test('parseYaml takes objects of ten thousand lines, and tells lines', async (t) => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `  k${i}: v`).join('\n');
  const { value } = parseYaml(encoder.encode(`data:\n${lines}\n`));
  t.equal(Object.keys((value as { data: object }).data).length, 10_000);
  t.throws(() => parseYaml(encoder.encode(`a: 1\nb: 2\nc: [1\n`)), { message: /line [34]:/ });
});
