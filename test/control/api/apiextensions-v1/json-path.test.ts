import t from 'tap';
import {
  JsonPathError,
  parseJsonPath,
} from '../../../../src/control/api/apiextensions-v1/json-path.js';

const object = {
  metadata: { annotations: { 'a.b/c': 'x' } },
  spec: {
    replicas: 3,
    ports: [
      { name: 'http', port: 80 },
      { name: 'https', port: 443 },
    ],
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

const found: readonly (readonly [path: string, values: readonly unknown[]])[] = [
  ['.spec.replicas', [3]],
  ['.spec.missing.deeper', []],
  ['.metadata.annotations.a\\.b/c', ['x']],
  [".metadata.annotations['a.b/c']", ['x']],
  ['.spec.ports[0].name', ['http']],
  ['.spec.ports[-1].name', ['https']],
  ['.spec.ports[5].name', []],
  ['.spec.ports[*].port', [80, 443]],
  ['.spec.ports[0:1].port', [80]],
  ['.spec.ports[0,1].port', [80, 443]],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type=='None')].status", []],
  ['.spec.ports[?(@.port>100)].name', ['https']],
  ['.spec.ports[?(@.name)].port', [80, 443]],
  ['.spec..port', [80, 443]],
];

t.test('parseJsonPath finds what the path leads to', async (t) => {
  for (const [path, values] of found) t.same(parseJsonPath(path).find(object), values, path);
});

t.test('parseJsonPath refuses what is no path', async (t) => {
  for (const path of ['spec', '.spec[', '.spec[x]', '.spec[?(x)]', '..'])
    t.throws(() => parseJsonPath(path), JsonPathError, path);
});

t.test('parseJsonPath tells paths of nothing but fields', async (t) => {
  t.same(parseJsonPath(".a['b'].c").fieldNames, ['a', 'b', 'c']);
  t.equal(parseJsonPath('.a[0]').fieldNames, null);
});
