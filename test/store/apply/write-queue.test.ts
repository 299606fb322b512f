import t from 'tap';
import { noDefects } from '../../../src/base/defect.js';
import { Prng } from '../../../src/base/prng.js';
import { WriteQueue } from '../../../src/store/apply/write-queue.js';
import { metaKey } from '../../../src/store/schema/keys.js';
import { type AppliedRecord, decodeApplied } from '../../../src/store/schema/meta.js';
import { SimDbHome } from '../../sim/db.js';

const record = (index: number): AppliedRecord => ({ index, term: 1, revision: index, hash: 0n });

t.test(
  'WriteQueue.sync shows the state as of its call, whatever was queued behind it',
  async (t) => {
    const db = await new SimDbHome({ prng: new Prng(1) }).openCurrent();
    const queue = new WriteQueue({
      db,
      applied: record(0),
      pendingBytesMax: 1000,
      packs: () => [],
      onWritten: () => {},
      onError: (error) => t.fail(String(error)),
      defects: noDefects,
    });
    queue.add([], 0, record(1));
    const found = queue.sync((applied) => ({ applied, stored: db.getSync(metaKey.applied) }));
    queue.add([], 0, record(2));
    const { applied, stored } = await found;
    t.equal(applied.index, 1);
    t.equal(stored && decodeApplied(stored).index, 1);
    await queue.flush();
    const last = db.getSync(metaKey.applied);
    t.equal(last && decodeApplied(last).index, 2);
  },
);
