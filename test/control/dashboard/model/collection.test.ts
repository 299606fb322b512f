import t from 'tap';
import { Collection, type WatchEvent } from '../../../../src/control/dashboard/model/collection.js';

interface Named {
  readonly metadata: { readonly name: string };
}

const byName = (object: unknown) => {
  const { name } = (object as Named).metadata;
  return [[name, name] as const];
};
const event = (type: string, name: string, resourceVersion: string): WatchEvent => ({
  type,
  object: { metadata: { name, resourceVersion } },
});
const bookmark = (resourceVersion: string, isEnd: boolean): WatchEvent => ({
  type: 'BOOKMARK',
  object: {
    metadata: {
      resourceVersion,
      ...(isEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  },
});
const namesIn = (collection: Collection<string>) => [...collection.items.values()];

t.test(
  'Collection shows what comes first while more is coming, and is complete at the mark',
  (t) => {
    const collection = new Collection(byName);
    t.equal(collection.take(event('ADDED', 'a', '1')), true);
    t.strictSame(namesIn(collection), ['a']);
    t.equal(collection.isComplete, false);
    t.equal(collection.resourceVersion, '', 'a watch that breaks off now begins anew');
    t.equal(collection.take(event('ADDED', 'b', '2')), true);
    t.equal(collection.take(bookmark('7', true)), true);
    t.strictSame(namesIn(collection), ['a', 'b']);
    t.equal(collection.isComplete, true);
    t.equal(collection.resourceVersion, '7');
    t.end();
  },
);

t.test('Collection follows changes and deletions, and knows where to go on', (t) => {
  const collection = new Collection(byName);
  collection.take(bookmark('7', true));
  t.equal(collection.take(event('ADDED', 'a', '8')), true);
  t.equal(collection.take(event('DELETED', 'a', '9')), true);
  t.strictSame(namesIn(collection), []);
  t.equal(collection.resourceVersion, '9');
  t.equal(collection.take(bookmark('12', false)), false);
  t.equal(collection.resourceVersion, '12');
  t.end();
});

t.test('Collection keeps what it knew while it is told anew, and replaces it at once', (t) => {
  const collection = new Collection(byName);
  collection.take(event('ADDED', 'old', '1'));
  collection.take(event('ADDED', 'stays', '2'));
  collection.take(bookmark('7', true));
  collection.restart();
  t.equal(collection.resourceVersion, '');
  t.equal(collection.take(event('ADDED', 'stays', '2')), false);
  t.strictSame(namesIn(collection), ['old', 'stays']);
  t.equal(collection.take(bookmark('20', true)), true);
  t.strictSame(namesIn(collection), ['stays']);
  t.end();
});

t.test('Collection tells why a watch is over', (t) => {
  const collection = new Collection(byName);
  const object = { kind: 'Status', code: 410, message: 'too old' };
  t.match(collection.take({ type: 'ERROR', object }), { code: 410, message: 'too old' });
  t.match(collection.take({ type: 'ERROR', object: {} }), { code: 500 });
  t.end();
});
