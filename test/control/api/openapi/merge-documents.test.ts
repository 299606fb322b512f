import t from 'tap';
import {
  documentBelow,
  mergeDocumentsV2,
} from '../../../../src/control/api/openapi/merge-documents.js';
import type { JsonObject } from '../../../../src/control/machinery/json.js';

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const answers = (name: string): JsonObject => ({
  get: { responses: { 200: { schema: ref(name) } } },
});

t.test('mergeDocumentsV2 keeps what was there, and renames what differs', async (t) => {
  const first = {
    swagger: '2.0',
    paths: { '/a': answers('A') },
    definitions: { A: { properties: { m: ref('Meta') } }, Meta: { type: 'object' }, Same: {} },
  };
  const second = {
    paths: { '/a': answers('Same'), '/b': answers('B'), '/c': answers('Same') },
    definitions: {
      Same: {},
      Meta: { type: 'object', description: 'mine' },
      A: { properties: { m: ref('Meta') } },
      B: { items: ref('A'), allOf: [ref('Same')] },
    },
  };
  const before = JSON.stringify([first, second]);
  const merged = mergeDocumentsV2(first, [second]);
  t.same(merged, {
    swagger: '2.0',
    paths: { '/a': answers('A'), '/b': answers('B'), '/c': answers('Same') },
    definitions: {
      ...first.definitions,
      A_v2: { properties: { m: ref('Meta_v2') } },
      B: { items: ref('A_v2'), allOf: [ref('Same')] },
      Meta_v2: { type: 'object', description: 'mine' },
    },
  });
  t.equal(JSON.stringify([first, second]), before, 'nothing that is given is changed');
  const third = { paths: { '/d': answers('Meta') }, definitions: { Meta: { type: 'string' } } };
  t.match(mergeDocumentsV2(first, [second, third]), {
    paths: { '/d': answers('Meta_v3') },
    definitions: { Meta_v3: { type: 'string' } },
  });
});

t.test('mergeDocumentsV2 puts shared parameters where they are used', async (t) => {
  const pretty = { name: 'pretty', in: 'query', type: 'string' };
  const other = {
    parameters: { pretty },
    paths: { '/a': { parameters: [{ $ref: '#/parameters/pretty' }] } },
  };
  t.same(mergeDocumentsV2({ paths: {} }, [other]), {
    paths: { '/a': { parameters: [pretty] } },
    definitions: {},
  });
});

t.test('documentBelow keeps the paths of a prefix and what they need', async (t) => {
  const document = {
    paths: { '/apis/g/v1/x': answers('X'), '/apis/g/v10/y': answers('Y'), '/api': answers('Y') },
    definitions: { X: { items: ref('Part') }, Part: { items: ref('X') }, Y: {}, Z: {} },
  };
  t.same(documentBelow(document, '/apis/g/v1/'), {
    paths: { '/apis/g/v1/x': answers('X') },
    definitions: { X: { items: ref('Part') }, Part: { items: ref('X') } },
  });
  t.same(documentBelow({}, '/apis/'), { paths: {}, definitions: {} });
});
