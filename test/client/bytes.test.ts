import t from 'tap';
import { keyRange, prefixEnd, zeroKey } from '../../src/client/bytes.js';

t.test(
  'prefixEnd: the first key after all with the prefix, whose bytes stay as they are',
  async (t) => {
    const rows: readonly (readonly [number[], readonly number[]])[] = [
      [[1], [2]],
      [
        [1, 2, 0xfe],
        [1, 2, 0xff],
      ],
      [[1, 0xff, 0xff], [2]],
      [[0xff, 0xff], [...zeroKey]],
      [[], [...zeroKey]],
    ];
    for (const [prefix, end] of rows) {
      for (const bytes of [Uint8Array.from(prefix), Buffer.from(prefix)]) {
        t.same([...prefixEnd(bytes)], end);
        t.same([...bytes], prefix, 'the caller keeps the prefix');
      }
    }
    const { key, rangeEnd } = keyRange({ prefix: Buffer.from('jobs/') });
    t.same([Buffer.from(key).toString(), Buffer.from(rangeEnd).toString()], ['jobs/', 'jobs0']);
  },
);
