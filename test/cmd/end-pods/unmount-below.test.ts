import t from 'tap';
import { mountsBelow } from '../../../src/cmd/end-pods/unmount-below.js';

const line = (place: string) => `36 35 98:0 / ${place} rw,noatime master:1 - ext3 /dev/root rw`;

t.test('mountsBelow: places within the folder, in order, with their spaces', async (t) => {
  const text = [
    ...['/', '/data', '/data/a', '/data/a/b', '/data-two/c', '/else', '/data/with\\040space'].map(
      line,
    ),
    '',
  ].join('\n');
  t.same(mountsBelow(text, '/data'), ['/data/a', '/data/a/b', '/data/with space']);
  t.same(mountsBelow(text, '/nothing'), []);
});
