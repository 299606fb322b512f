import t from 'tap';
import { StoredText } from '../../../../src/control/apiserver/storage/stored-text.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';

const decoder = new TextDecoder();

const objects: Readonly<Record<string, KubeObject>> = {
  'with fields': {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { b: '}}"{' } } },
    ...({ data: { text: 'ü }} \n' } } as object),
  },
  'with metadata alone': { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' } },
  'with empty metadata': { apiVersion: 'v1', kind: 'Thing', metadata: {} },
  'with an old revision': { kind: 'Thing', metadata: { resourceVersion: '7', name: 'a' } },
};

for (const [what, object] of Object.entries(objects)) {
  t.test(
    `StoredText of an object ${what} is its JSON without a revision, or with one`,
    async (t) => {
      const text = new StoredText(object);
      const { resourceVersion: _, ...metadata } = object.metadata;
      t.same(JSON.parse(decoder.decode(text.bytes())), { ...object, metadata });
      const sent = { ...object, metadata: { ...metadata, resourceVersion: '42' } };
      t.same(JSON.parse(decoder.decode(text.bytesAt(42))), sent);
    },
  );
}
