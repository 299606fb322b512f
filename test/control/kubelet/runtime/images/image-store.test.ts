import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parseImageName } from '../../../../../src/control/kubelet/runtime/images/image-name.js';
import { findUser } from '../../../../../src/control/kubelet/runtime/images/image-user.js';
import { ImageStore } from '../../../../../src/control/kubelet/runtime/images/index.js';
import { type LayerEntry, makeDockerArchive, makeLayout } from './make-archive.js';

t.test('parseImageName fills in what is left out', async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const table: [string, object | null][] = [
    ['nginx', { registry: 'docker.io', repository: 'library/nginx', tag: 'latest' }],
    ['me/app:1.2', { registry: 'docker.io', repository: 'me/app', tag: '1.2' }],
    ['registry.k8s.io/pause:3.9', { registry: 'registry.k8s.io', repository: 'pause', tag: '3.9' }],
    ['localhost:5000/a/b', { registry: 'localhost:5000', repository: 'a/b', tag: 'latest' }],
    [`quay.io/a/b@${digest}`, { registry: 'quay.io', repository: 'a/b', tag: '', digest }],
    ['Upper/Case', null],
    ['a b', null],
    ['', null],
    ['a:', null],
    ['a@sha256:123', null],
  ];
  for (const [text, expected] of table) {
    const parsed = parseImageName(text);
    if (expected === null) t.equal(parsed, null, text);
    else t.match(parsed, expected, text);
  }
});

const layers: LayerEntry[][] = [
  [
    { name: 'etc', type: 'directory', mode: 0o755 },
    { name: 'etc/kept', content: 'old' },
    { name: 'etc/gone', content: 'x' },
    { name: 'dir/a', content: 'a' },
    { name: 'dir/b', content: 'b' },
    { name: 'link', type: 'symlink', linkname: '/etc' },
  ],
  [
    { name: 'etc/kept', content: 'new' },
    { name: 'etc/.wh.gone', content: '' },
    { name: 'dir/.wh..wh..opq', content: '' },
    { name: 'dir/c', content: 'c' },
    { name: 'hard', type: 'link', linkname: 'etc/kept' },
    { name: 'link/through', content: 'through a link' },
  ],
];

t.test('ImageStore unpacks layers over each other, whiteouts included', async (t) => {
  const directory = t.testdir({});
  const config = {
    Entrypoint: ['/x'],
    Cmd: ['y'],
    Env: ['A=b'],
    User: '5:6',
    StopSignal: 'SIGINT',
  };
  await makeLayout(join(directory, 'layout'), { name: 'docker.io/me/app:1', layers, config });
  await makeDockerArchive(join(directory, 'saved.tar'), { name: 'me/app:2', layers });
  const store = new ImageStore(
    join(directory, 'images'),
    process.arch === 'x64' ? 'amd64' : 'arm64',
  );
  t.strictSame(await store.import(join(directory, 'layout')), ['docker.io/me/app:1']);
  t.strictSame(await store.import(join(directory, 'saved.tar')), ['docker.io/me/app:2']);
  const image = await store.unpacked('me/app:1');
  t.match(image?.defaults, {
    entrypoint: ['/x'],
    command: ['y'],
    env: ['A=b'],
    stopSignal: 'SIGINT',
  });
  const root = image?.rootfs ?? '';
  t.equal(await readFile(join(root, 'etc/kept'), 'utf8'), 'new');
  t.equal(await readFile(join(root, 'hard'), 'utf8'), 'new');
  t.equal(await readFile(join(root, 'etc/through'), 'utf8'), 'through a link');
  t.strictSame(await readdir(join(root, 'dir')), ['c']);
  t.notOk((await readdir(join(root, 'etc'))).includes('gone'));
  t.match(await store.status('me/app:1'), { user: { uid: 5 }, tags: ['docker.io/me/app:1'] });
  await store.remove('me/app:1');
  t.equal(await store.status('me/app:1'), null);
  t.not(await store.unpacked('me/app:2'), null, 'files that another image has too stay');
});

t.test(
  'ImageStore.usage measures the files of an image once, and forgets what is gone',
  async (t) => {
    const directory = t.testdir({});
    await makeLayout(join(directory, 'layout'), { name: 'a/b:1', layers });
    const store = new ImageStore(join(directory, 'images'), 'amd64');
    t.match(await store.usage(), { path: join(directory, 'images'), usedBytes: 0, usedInodes: 0 });
    await store.import(join(directory, 'layout'));
    const usage = await store.usage();
    t.ok(usage.usedBytes >= 3 * 4096, `${usage.usedBytes} bytes`);
    t.ok(usage.usedInodes >= 6, `${usage.usedInodes} files and directories`);
    const { rootfs = '' } = (await store.unpacked('a/b:1')) ?? {};
    await writeFile(join(rootfs, 'nobody-writes-here'), 'x');
    t.same(await store.usage(), usage);
    await store.remove('a/b:1');
    t.ok((await store.usage()).usedInodes <= 2, 'the index and an empty folder at the most');
    await store.import(join(directory, 'layout'));
    t.same(await store.usage(), usage);
  },
);

t.test('ImageStore lets no entry out of its directory', async (t) => {
  const attempts: Record<string, LayerEntry[]> = {
    'dots in a name': [{ name: '../../../escaped', content: 'x' }],
    'an absolute name': [{ name: '/escaped', content: 'x' }],
    'a link that leads out': [
      { name: 'out', type: 'symlink', linkname: '../../../..' },
      { name: 'out/escaped', content: 'x' },
    ],
    'a file that is a link': [
      { name: 'escaped', type: 'symlink', linkname: '../../../escaped' },
      { name: 'escaped', content: 'x' },
    ],
    'a whiteout of what is above': [{ name: '.wh...', content: '' }],
  };
  for (const [what, layer] of Object.entries(attempts)) {
    const directory = t.testdir({});
    await writeFile(join(directory, 'canary'), 'here');
    await makeLayout(join(directory, 'layout'), { name: 'a/b:1', layers: [layer] });
    const store = new ImageStore(join(directory, 'images'), 'amd64');
    await store.import(join(directory, 'layout')).catch(() => undefined);
    t.strictSame((await readdir(directory)).sort(), ['canary', 'images', 'layout'], what);
    t.notOk((await readdir(join(directory, 'images'))).includes('escaped'), what);
  }
});

t.test('ImageStore refuses layers that are not what their digest says', async (t) => {
  const directory = t.testdir({});
  await makeLayout(join(directory, 'layout'), { name: 'a/b:1', layers });
  const blobs = join(directory, 'layout', 'blobs', 'sha256');
  for (const name of await readdir(blobs)) {
    const bytes = await readFile(join(blobs, name));
    if (bytes[0] === 0x1f)
      await writeFile(join(blobs, name), Buffer.concat([bytes, Buffer.from('x')]));
  }
  const store = new ImageStore(join(directory, 'images'), 'amd64');
  await t.rejects(store.import(join(directory, 'layout')), {
    code: 'failed',
    message: /a layer is/,
  });
  t.equal(await store.status('a/b:1'), null);
  await t.rejects(store.import(join(directory, 'none')), { code: 'not-found' });
});

t.test('findUser reads the image, and never the node through a link', async (t) => {
  const directory = t.testdir({
    node: { passwd: 'spy:x:666:666::/:/bin/sh\n' },
    root: { etc: { group: 'g:x:20:\nextra:x:30:u\n', passwd: 'u:x:10:11::/:/bin/sh\n' } },
    linked: { etc: {} },
  });
  await mkdir(join(directory, 'linked', 'etc'), { recursive: true });
  await symlink(join(directory, 'node', 'passwd'), join(directory, 'linked', 'etc', 'passwd'));
  const root = join(directory, 'root');
  t.strictSame(await findUser(root, 'u'), { uid: 10, gid: 11, groups: [30] });
  t.strictSame(await findUser(root, '10:g'), { uid: 10, gid: 20, groups: [30] });
  t.strictSame(await findUser(root, '77'), { uid: 77, gid: 0, groups: [] });
  t.strictSame(await findUser(root, ''), { uid: 0, gid: 0, groups: [] });
  await t.rejects(findUser(root, 'nobody'), { code: 'start-failed' });
  await t.rejects(findUser(root, 'u:none'), { code: 'start-failed' });
  await t.rejects(findUser(join(directory, 'linked'), 'spy'), { code: 'start-failed' });
});
