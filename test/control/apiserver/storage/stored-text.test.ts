import t from 'tap';
import { StoredText, sentText } from '../../../../src/control/apiserver/storage/stored-text.js';
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
      t.same(JSON.parse(decoder.decode(text.sentAt(42).bytes)), sent);
    },
  );
}

const fieldsV1 = { 'f:data': { '.': {}, 'f:ü': {}, 'k:{"name":"a"}': { 'f:b': {} } } };
const managedFields = [
  { manager: 'a "b"', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1 },
  { manager: 'c', operation: 'Apply', subresource: 'status' },
];

const managed: Readonly<Record<string, KubeObject>> = {
  'with fields': {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', managedFields } },
    ...({ data: { text: 'ü' } } as object),
  },
  'with letters of several bytes before them': {
    ...{ apiVersion: 'v1', kind: 'Thing', metadata: { labels: { a: 'üü' }, managedFields } },
  },
  'with other metadata behind them': {
    ...{ apiVersion: 'v1', kind: 'Thing', metadata: { managedFields, name: 'a' } },
  },
  'without any': { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' } },
};

for (const [what, object] of Object.entries(managed)) {
  t.test(`StoredText of an object ${what} tells where its managed fields are`, async (t) => {
    const text = new StoredText(object);
    t.same(JSON.parse(decoder.decode(text.bytes())), object);
    const { bytes, managedStart, managedEnd } = text.sentAt(42);
    const sent = { ...object, metadata: { ...object.metadata, resourceVersion: '42' } };
    t.same(JSON.parse(decoder.decode(bytes)), sent);
    const bare = [bytes.subarray(0, managedStart), bytes.subarray(managedEnd)];
    const { managedFields: _, ...metadata } = sent.metadata;
    t.same(JSON.parse(decoder.decode(Buffer.concat(bare))), { ...sent, metadata });
  });
}

t.test('StoredText has room for the largest revision, and is sent once', async (t) => {
  for (const object of Object.values(objects)) {
    const text = new StoredText(object);
    const { metadata } = JSON.parse(decoder.decode(text.sentAt(Number.MAX_SAFE_INTEGER).bytes));
    t.equal(metadata.resourceVersion, '9007199254740991');
    t.throws(() => text.bytes());
    t.throws(() => text.sentAt(42));
  }
});

t.test('StoredText of metadata that is nothing but managed fields keeps them', async (t) => {
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: { managedFields } };
  const { bytes, managedStart, managedEnd } = new StoredText(object).sentAt(42);
  const metadata = { managedFields, resourceVersion: '42' };
  t.same(JSON.parse(decoder.decode(bytes)), { ...object, metadata });
  t.equal(managedStart, managedEnd);
});

for (const [what, object] of Object.entries({ ...objects, ...managed })) {
  t.test(`sentText of an object ${what} is what StoredText sends`, async (t) => {
    const { bytes, managedStart, managedEnd } = new StoredText(object).sentAt(42);
    t.equal(sentText(object, 42, { isBare: false }), decoder.decode(bytes));
    const bare = Buffer.concat([bytes.subarray(0, managedStart), bytes.subarray(managedEnd)]);
    t.equal(sentText(object, 42, { isBare: true }), bare.toString());
  });
}
