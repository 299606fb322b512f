import t from 'tap';
import { Cluster } from '../e2e/cluster.js';
import { kindUnderTest } from '../e2e/kind.js';
import { needs } from '../e2e/project.js';
import { errorOf, RawClient } from '../e2e/raw-client.js';
import { etcdctl } from './etcdctl.js';

const quotaBytes = 16 << 20;
const valueBytes = 500_000;
const writesMax = 200;

t.test(
  'a full quota refuses what grows, and is left as docs/operations.md says',
  needs('etcdctl'),
  async (t) => {
    const cluster = await Cluster.forTest(t, {
      kind: kindUnderTest(),
      flags: [`--quota-backend-bytes=${quotaBytes}`],
    });
    const { endpoint } = cluster.member(1);
    const client = new RawClient(endpoint);
    t.teardown(() => client.close());
    const run = async (...words: string[]) => {
      const { text, errorText, code } = await etcdctl(endpoint, words);
      return { out: `${text}${errorText}`, code };
    };

    let refusal: { code: number; details: string } | null = null;
    for (let n = 0; n < writesMax && refusal === null; n++) {
      // Values that do not compress, always for the same keys: it is the history that fills the disk.
      const value = randomText(n);
      await client.put(`k/${n % 4}`, value).catch((error: unknown) => {
        refusal = errorOf(error);
      });
    }
    t.match(refusal, { code: 8, details: 'etcdserver: mvcc: database space exceeded' });
    t.match((await run('alarm', 'list')).out, /alarm:NOSPACE/);
    t.match((await run('lease', 'grant', '60')).out, /database space exceeded/);
    t.equal((await run('get', 'k/1', '--keys-only')).code, 0, 'reads go on');
    t.match(await run('del', 'k/0'), { out: '1\n', code: 0 }, 'deletions go on');

    const { header } = await client.range('k/');
    t.equal((await run('compaction', `${header?.revision}`)).code, 0);
    for (const each of cluster.endpoints) t.equal((await etcdctl(each, ['defrag'])).code, 0);
    t.match((await run('alarm', 'disarm')).out, /alarm:NOSPACE/);
    t.match(await run('put', 'k/0', 'again'), { out: 'OK\n', code: 0 }, 'writes go on');
  },
);

function randomText(seed: number): string {
  let state = seed + 1;
  const characters = Array.from({ length: valueBytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  });
  return characters.join('');
}
