import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readProcessState } from '../../../../../src/control/kubelet/runtime/process/container-process.js';
import { supervisorScript } from '../../../../../src/control/kubelet/runtime/process/supervisor-script.js';

async function folder(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flotilla-exit-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const exits: readonly (readonly [text: string, exitCode: number | null, isOutOfMemory: boolean])[] =
  [
    ['0 0\n', 0, false],
    ['137 1\n', 137, true],
    ['3 0\n            \n', 3, false],
    ['', null, false],
    ['                \n', null, false],
    ['12', null, false],
  ];
t.test('readProcessState: an exit code that could not be written is not 0', async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, 'starting'), '');
  for (const [text, exitCode, isOutOfMemory] of exits) {
    await writeFile(join(dir, 'exit'), text);
    const state = await readProcessState(dir, true, 0);
    t.match(state, { kind: 'exited', exitCode, isOutOfMemory }, JSON.stringify(text));
  }
});

t.test(
  'supervisorScript: the exit code of a container that has filled the disk is written down',
  { skip: mountRefusal() },
  async (t) => {
    const top = await folder(t);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', top]);
    t.teardown(() => execFileSync('umount', [top]));
    const directory = join(top, 'container');
    await mkdir(directory);
    execFileSync('mkfifo', ['stdout', 'stderr'], { cwd: directory });
    const launch = `cat /dev/zero >${top}/big; cat /dev/zero >>${top}/big; exit 3\n`;
    await writeFile(join(directory, 'launch.sh'), launch);
    const script = supervisorScript({
      ...{ directory, enter: [], hasTty: false, hasStdin: false, cgroups: [] },
      endingFile: join(top, 'ending'),
    });
    await writeFile(join(directory, 'supervise.sh'), script);
    execFileSync('sh', [join(directory, 'supervise.sh')], { stdio: 'ignore' });
    await t.rejects(writeFile(join(top, 'another'), 'x'), { code: 'ENOSPC' }, 'the disk is full');
    t.match(await readFile(join(directory, 'exit'), 'utf8'), /^3 0\s/);
  },
);

/** Why this machine does not let us mount a small disk; false when it does. */
function mountRefusal(): string | false {
  if (process.geteuid?.() !== 0) return 'this process is not root';
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()], { stdio: 'pipe' });
    return false;
  } catch {
    return 'mounting a tmpfs is not permitted here';
  }
}
