import t from 'tap';
import { KeyEntry } from '../../../src/store/mvcc/key-entry.js';

/**
 * The history of one key: put at 2 and 4, deleted at 6 (second change of that revision), put again at 8, deleted at 10.
 * P is a put, T a tombstone.
 */
function example(): KeyEntry {
  const entry = new KeyEntry(2, 0, 2, 1, 0n);
  entry.append(4, 0, 2, 2, 0n);
  entry.append(6, 1, 0, 0, 0n);
  entry.append(8, 0, 8, 1, 0n);
  entry.append(10, 3, 0, 0, 0n);
  return entry;
}

function show(entry: KeyEntry): string {
  const versions: string[] = [];
  for (let i = 0; i <= entry.newest; i++) {
    const kind = entry.isTombstoneAt(i) ? 'T' : 'P';
    versions.push(`${kind}${entry.mainAt(i)}.${entry.subAt(i)}`);
  }
  return versions.join(' ');
}

t.test('KeyEntry.at finds the newest version at or before a revision', async (t) => {
  const entry = example();
  t.equal(show(entry), 'P2.0 P4.0 T6.1 P8.0 T10.3');
  const table = [
    [1, -1],
    [2, 0],
    [3, 0],
    [4, 1],
    [5, 1],
    [6, 2],
    [7, 2],
    [9, 3],
    [10, 4],
    [99, 4],
  ] as const;
  for (const [revision, position] of table) t.equal(entry.at(revision), position, `${revision}`);
});

t.test(
  'KeyEntry.firstKept keeps the newest version, but a tombstone only at the compaction revision itself',
  async (t) => {
    const table = [
      [1, 'P2.0 P4.0 T6.1 P8.0 T10.3'],
      [2, 'P2.0 P4.0 T6.1 P8.0 T10.3'],
      [3, 'P2.0 P4.0 T6.1 P8.0 T10.3'],
      [4, 'P4.0 T6.1 P8.0 T10.3'],
      [5, 'P4.0 T6.1 P8.0 T10.3'],
      [6, 'T6.1 P8.0 T10.3'],
      [7, 'P8.0 T10.3'],
      [8, 'P8.0 T10.3'],
      [9, 'P8.0 T10.3'],
      [10, 'T10.3'],
      [11, ''],
    ] as const;
    for (const [revision, kept] of table) {
      const entry = example();
      const first = entry.firstKept(revision);
      if (first > entry.newest) {
        t.equal(kept, '', `${revision}`);
        continue;
      }
      entry.dropBefore(first);
      t.equal(show(entry), kept, `${revision}`);
    }
  },
);

t.test('KeyEntry.isSettled is true only when no compaction could ever drop anything', async (t) => {
  const entry = new KeyEntry(2, 0, 2, 1, 0n);
  t.ok(entry.isSettled);
  entry.append(3, 0, 2, 2, 0n);
  t.notOk(entry.isSettled);
  entry.dropBefore(entry.firstKept(3));
  t.ok(entry.isSettled);
  entry.append(5, 0, 0, 0, 0n);
  entry.dropBefore(entry.firstKept(5));
  t.notOk(entry.isSettled, 'a tombstone alone');
});
