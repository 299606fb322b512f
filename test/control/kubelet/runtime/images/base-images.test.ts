import { readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import {
  baseImageName,
  baseImages,
  imageLayout,
  layoutArchive,
  pauseImageName,
} from '../../../../../src/control/kubelet/runtime/images/build/index.js';
import { ImageStore } from '../../../../../src/control/kubelet/runtime/images/index.js';
import { runProgram } from '../../../../../src/host/child-process.js';
import { flotillaBin, needs } from '../../../../e2e/project.js';

const program = { bytes: Buffer.from('a program'), commands: ['sh', 'sleep', 'env', 'busybox'] };

t.test('baseImages are two images of one program, and the same every time', async (t) => {
  const make = async () => layoutArchive(await imageLayout(baseImages(program, 'amd64')));
  const archive = await make();
  t.strictSame(Buffer.from(await make()), Buffer.from(archive));
});

t.test('flotilla image build-base', needs('busybox'), async (t) => {
  const directory = t.testdir({});
  const flotilla = (...args: string[]) =>
    runProgram([process.execPath, flotillaBin, 'image', ...args], { cwd: directory });
  const built = await flotilla('build-base', 'base.tar');
  t.match(built, { exitCode: 0 }, built.stderr.toString());
  const imported = await flotilla('import', 'base.tar', '--dir', 'images');
  t.equal(imported.stdout.toString(), `${baseImageName}\n${pauseImageName}\n`);
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const store = new ImageStore(join(directory, 'images'), architecture);
  const base = (await store.unpacked(baseImageName))?.rootfs ?? '';
  t.equal(await readlink(join(base, 'bin', 'sh')), 'busybox');
  t.equal((await stat(join(base, 'tmp'))).mode & 0o7777, 0o1777);
  t.match(await store.unpacked(pauseImageName), { defaults: { entrypoint: ['/pause'] } });

  await t.test('refuses a program that needs libraries, and one that is none', async (t) => {
    for (const [path, message] of [
      [process.execPath, /is no static program/],
      [flotillaBin, /is no static program/],
      ['/nonexistent', /no busybox at \/nonexistent/],
    ] as const) {
      const refused = await flotilla('build-base', 'x.tar', '--busybox', path);
      t.equal(refused.exitCode, 1);
      t.match(refused.stderr.toString(), message);
    }
    await t.rejects(readFile(join(directory, 'x.tar')));
  });
  await t.test('import says where to', async (t) => {
    const refused = await flotilla('import', 'base.tar');
    t.match(refused.stderr.toString(), /give --dir or --containerd/);
    t.equal(refused.exitCode, 1);
  });
});
