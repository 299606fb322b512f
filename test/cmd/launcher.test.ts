import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { nodeEnvironment, nodeFlags } from '../../src/cmd/node-flags.js';

const run = promisify(execFile);
const launcher = join(process.cwd(), 'bin/flotilla');
/** Says with which flags of its own and what environment the process that loads it was started, and with which arguments. */
const report =
  'const {MALLOC_ARENA_MAX} = process.env;' +
  'console.log(JSON.stringify([process.execArgv, {MALLOC_ARENA_MAX}, process.argv.slice(2)]));process.exit();';
const { MALLOC_ARENA_MAX: _, ...env } = process.env;

t.test(
  'bin/flotilla starts Node with the flags of the program, and as a script without',
  async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'launcher-'));
    t.teardown(() => rm(dir, { recursive: true }));
    const [head, start] = (await readFile(launcher, 'utf8')).split('\n');
    const script = join(dir, 'a script');
    await writeFile(script, [head, start, report].join('\n'), { mode: 0o755 });
    const link = join(dir, 'link');
    await symlink(script, link);
    const args = ['put', 'a b', '$HOME', '', '--x=1'];
    for (const program of [script, link]) {
      const { stdout } = await run(program, args, { env });
      t.same(JSON.parse(stdout), [nodeFlags, nodeEnvironment, args], program);
    }
    const given = { MALLOC_ARENA_MAX: '7' };
    const { stdout: own } = await run(script, args, { env: { ...env, ...given } });
    t.same(JSON.parse(own), [nodeFlags, given, args], 'with an environment of his own');
    const { stdout } = await run(process.execPath, [script, ...args], { env });
    t.same(JSON.parse(stdout), [[], {}, args], 'by Node alone');
  },
);

t.test('bin/flotilla runs the program', async (t) => {
  const { stdout } = await run(launcher, ['--help']);
  t.match(stdout, /flotilla/);
});
