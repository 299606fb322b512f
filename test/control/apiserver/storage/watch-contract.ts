import type { Test } from 'tap';
import type { Subject } from './storage-contract.js';
import { create, isColor, paint, remove, thing, Watching } from './things.js';

/** Watching. */
export async function watchContract(t: Test, subject: Subject): Promise<void> {
  t.test('watch: from a revision on', async (t) => {
    const storage = await subject.open(t);
    const first = await create(storage, thing('a/x', { color: 'red' }));
    const second = await paint(storage, 'a/x', { color: 'blue' });
    const watching = new Watching(storage, { afterRevision: first.revision });
    const third = await create(storage, thing('b/y'));
    const fourth = await remove(storage, 'a/x');
    t.same(await watching.takeTexts(3), [
      `modified a/x@${second.revision} blue`,
      `added b/y@${third.revision}`,
      `deleted a/x@${fourth.revision} blue`,
    ]);
    await watching.close();
  });

  t.test(
    'watch: an event carries the object as it is read, and the deletion its revision',
    async (t) => {
      const storage = await subject.open(t);
      const created = await create(storage, thing('a/x'));
      const deleted = await remove(storage, 'a/x');
      const watching = new Watching(storage, { afterRevision: created.revision - 1 });
      const [added, gone] = await watching.take(2);
      t.match(added, { type: 'added', item: { object: created.object } });
      t.match(gone, {
        type: 'deleted',
        item: { object: deleted.object, revision: deleted.revision },
      });
      await watching.close();
    },
  );

  t.test('watch: begins with what is there', async (t) => {
    const storage = await subject.open(t);
    const first = await create(storage, thing('a/x'));
    const second = await create(storage, thing('b/y'));
    for (const afterRevision of [null, 0]) {
      const watching = new Watching(storage, { afterRevision });
      t.same(await watching.takeTexts(2), [
        `added a/x@${first.revision}`,
        `added b/y@${second.revision}`,
      ]);
      await watching.close();
    }
  });

  t.test('watch: initial events end with a bookmark, and then go on', async (t) => {
    const storage = await subject.open(t);
    const first = await create(storage, thing('a/x'));
    const second = await create(storage, thing('b/y'));
    const query = { sendInitialEvents: true, bookmarks: true };
    let lastRevision = first.revision;
    for (const afterRevision of [null, 0, first.revision]) {
      const watching = new Watching(storage, { ...query, afterRevision });
      const [x, y, bookmark] = await watching.take(3);
      t.match(x, { type: 'added', item: { revision: lastRevision } });
      t.match(y, { type: 'added', item: { revision: second.revision } });
      t.match(bookmark, { type: 'bookmark', endsInitialEvents: true });
      t.ok(bookmark?.type === 'bookmark' && bookmark.revision >= second.revision);
      const change = await paint(storage, 'a/x', { color: `${afterRevision}` });
      const [event] = await watching.takeTexts(1);
      t.equal(event, `modified a/x@${change.revision} ${afterRevision}`);
      lastRevision = change.revision;
      await watching.close();
    }
  });

  t.test('watch: initial events of nothing are a bookmark alone', async (t) => {
    const storage = await subject.open(t);
    const watching = new Watching(storage, { sendInitialEvents: true, bookmarks: true });
    t.match(await watching.take(1), [{ type: 'bookmark', endsInitialEvents: true }]);
    await watching.close();
  });

  t.test('watch: scopes', async (t) => {
    const storage = await subject.open(t);
    const { revision } = await create(storage, thing('z/z'));
    const after = { afterRevision: revision };
    const all = new Watching(storage, after);
    const inNamespace = new Watching(storage, { ...after, namespace: 'a' });
    const one = new Watching(storage, { ...after, namespace: 'a', name: 'x' });
    const named = new Watching(storage, { ...after, name: 'x' });
    const paths = ['a/x', 'a/y', 'b/x', 'ab/x', 'a/x', 'b/y'];
    const texts: string[] = [];
    for (const [i, path] of paths.entries()) {
      const stored = i === 4 ? await remove(storage, path) : await create(storage, thing(path));
      texts.push(`${i === 4 ? 'deleted' : 'added'} ${path}@${stored.revision}`);
    }
    const pick = (...indexes: number[]) => indexes.map((i) => texts[i]);
    t.same(await all.takeTexts(6), texts);
    t.same(await inNamespace.takeTexts(3), pick(0, 1, 4));
    t.same(await one.takeTexts(2), pick(0, 4));
    t.same(await named.takeTexts(4), pick(0, 2, 3, 4));
    for (const watching of [all, inNamespace, one, named]) await watching.close();
  });

  t.test('watch: a filter sees objects enter and leave', async (t) => {
    const storage = await subject.open(t);
    const { revision } = await create(storage, thing('a/x', { color: 'red' }));
    const after = { afterRevision: revision };
    const reds = new Watching(storage, { ...after, filter: isColor('red') });
    const blues = new Watching(storage, { ...after, filter: isColor('blue') });
    const blue = await paint(storage, 'a/x', { color: 'blue' });
    const larger = await paint(storage, 'a/x', { color: 'blue', size: 2 });
    const red = await paint(storage, 'a/x', { color: 'red' });
    const gone = await remove(storage, 'a/x');
    t.same(await reds.takeTexts(3), [
      `deleted a/x@${blue.revision} red`,
      `added a/x@${red.revision} red`,
      `deleted a/x@${gone.revision} red`,
    ]);
    const seen = await blues.take(3);
    t.same(
      seen.map((event) => event.type !== 'bookmark' && [event.type, event.item.revision]),
      [
        ['added', blue.revision],
        ['modified', larger.revision],
        ['deleted', red.revision],
      ],
    );
    for (const event of seen) {
      if (event.type === 'bookmark') continue;
      t.equal(event.item.object.metadata.resourceVersion, String(event.item.revision));
    }
    await reds.close();
    await blues.close();
  });

  t.test('watch: from the future waits for it', async (t) => {
    const storage = await subject.open(t);
    const { revision } = await create(storage, thing('a/x'));
    const watching = new Watching(storage, { afterRevision: revision + 2 });
    const next = watching.take(1);
    await create(storage, thing('a/y'));
    await create(storage, thing('a/z'));
    const last = await create(storage, thing('a/last'));
    t.match(await next, [{ type: 'added', item: { revision: last.revision } }]);
    await watching.close();
  });

  t.test('watch: ends when it is aborted, and when the storage closes', async (t) => {
    const storage = await subject.open(t);
    const { revision } = await create(storage, thing('a/x'));
    const aborted = new Watching(storage, { afterRevision: revision });
    const ending = aborted.untilEnd();
    await aborted.close();
    t.same(await ending, []);
    const other = new Watching(storage, { afterRevision: revision - 1 });
    await other.take(1);
    const closing = other.untilEnd();
    await storage.close();
    t.same(await closing, []);
  });
}
