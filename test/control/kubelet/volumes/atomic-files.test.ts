import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { writeAtomically } from '../../../../src/control/kubelet/volumes/atomic-files.js';
import { hostNodeFiles } from '../../../../src/host/node-files.js';

t.test(
  'writeAtomically: users see the files through one link, which is turned when they change',
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'flotilla-volume-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const file = (path: string, text: string, mode = 0o644) => ({
      path,
      content: Buffer.from(text),
      mode,
    });
    const shown = async () => (await readdir(dir)).filter((name) => !name.startsWith('..')).sort();

    t.equal(
      await writeAtomically(hostNodeFiles, dir, [file('a', '1', 0o400), file('sub/b', '2')]),
      true,
    );
    t.same(await shown(), ['a', 'sub']);
    t.equal(await readFile(join(dir, 'sub/b'), 'utf8'), '2');
    t.equal((await stat(join(dir, 'a'))).mode & 0o777, 0o400);
    const before = await readlink(join(dir, '..data'));

    t.equal(
      await writeAtomically(hostNodeFiles, dir, [file('a', '1', 0o400), file('sub/b', '2')]),
      false,
    );
    t.equal(await readlink(join(dir, '..data')), before);

    t.equal(await writeAtomically(hostNodeFiles, dir, [file('a', 'new')]), true);
    t.same(await shown(), ['a']);
    t.equal(await readFile(join(dir, 'a'), 'utf8'), 'new');
    t.not(await readlink(join(dir, '..data')), before);
    t.equal((await readdir(dir)).includes(before), false, 'what nobody sees any more is gone');
  },
);
