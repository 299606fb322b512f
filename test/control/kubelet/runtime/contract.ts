import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Test } from 'tap';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerState,
} from '../../../../src/control/kubelet/runtime/container-runtime.js';
import { RuntimeError } from '../../../../src/control/kubelet/runtime/runtime-error.js';
import { freePorts } from '../../../e2e/ports.js';
import { containerConfig, sandboxConfig } from './configs.js';

/** A runtime under test, with an image that has `/bin/sh` and the usual small programs. */
export interface Subject {
  readonly runtime: ContainerRuntime;
  /** The image's name as pods would use it. */
  readonly image: string;
  /** A command of it that listens on a port for one connection, which gets its input. */
  listen(port: number): string;
  /** Another runtime on the same state, as a kubelet that starts again has. */
  reopen(): Promise<ContainerRuntime>;
  close(): Promise<void>;
}

/** Waits for a condition; fails after 60 s. */
export async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const giveUpAt = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What every runtime holds to, whatever it is made of. */
export async function runtimeContract(
  t: Test,
  name: string,
  make: (directory: string) => Promise<Subject>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'frt-'));
  const subject = await make(directory);
  const { runtime } = subject;
  const logs = join(directory, 'pod-logs');
  const present = await runtime.imageStatus(subject.image);
  const imageRef = present?.ref ?? (await runtime.pullImage(subject.image, null));
  t.teardown(async () => {
    for (const { id } of await runtime.listSandboxes()) {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
    await subject.close();
    await rm(directory, { recursive: true, force: true });
  });

  let number = 0;
  const config = (command: readonly string[], changes: Partial<ContainerConfig> = {}) => {
    number += 1;
    // No two containers of one name in a sandbox are of one attempt.
    const own = { attempt: number, logPath: `main/${number}.log` };
    return containerConfig(command, { image: subject.image, imageRef, ...own, ...changes });
  };
  const inSandbox = async (work: (sandboxId: string, run: Run) => Promise<void>) => {
    const sandbox = sandboxConfig(logs);
    const id = await runtime.runSandbox(sandbox);
    const run: Run = async (command, changes) => {
      const made = await runtime.createContainer(id, config(command, changes), sandbox);
      await runtime.startContainer(made);
      return made;
    };
    try {
      await work(id, run);
    } finally {
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
    }
  };
  const ended = (id: string) =>
    until(`the end of ${id}`, async () => {
      const state = await runtime.containerStatus(id);
      return state.state === 'exited' ? state : null;
    });
  const logOf = async (state: ContainerState) => readFile(state.logPath, 'utf8').catch(() => '');

  await t.test(
    `${name}: a sandbox is ready until it is stopped, and gone when removed`,
    async (t) => {
      const sandbox = sandboxConfig(logs);
      const id = await runtime.runSandbox(sandbox);
      const state = await runtime.sandboxStatus(id);
      t.match(state, {
        id,
        name: sandbox.name,
        namespace: 'default',
        uid: sandbox.uid,
        isReady: true,
        labels: sandbox.labels,
        annotations: sandbox.annotations,
      });
      t.ok((await runtime.listSandboxes()).some((other) => other.id === id));
      await runtime.stopSandbox(id);
      t.equal((await runtime.sandboxStatus(id)).isReady, false);
      await runtime.stopSandbox(id);
      await runtime.removeSandbox(id);
      await runtime.removeSandbox(id);
      await t.rejects(runtime.sandboxStatus(id), { code: 'not-found' });
    },
  );

  await t.test(`${name}: a handler that it does not have is refused by name`, async (t) => {
    const sandbox = sandboxConfig(logs, { runtimeHandler: 'no-such-handler' });
    await t.rejects(runtime.runSandbox(sandbox), {
      name: 'RuntimeError',
      message: /no runtime for "no-such-handler" is configured/,
    });
    t.notOk((await runtime.listSandboxes()).some(({ uid }) => uid === sandbox.uid));
  });

  await t.test(
    `${name}: a container runs its command with its environment in its directory`,
    async (t) => {
      await inSandbox(async (_sandbox, run) => {
        const id = await run(['sh', '-c', 'echo "$A|$B|$(pwd)"; echo oops >&2; exit 3'], {
          env: [
            { name: 'A', value: "it's $HOME" },
            { name: 'B', value: 'two\nlines' },
          ],
          workingDir: '/usr',
        });
        const state = await ended(id);
        t.match(state, { exitCode: 3, reason: 'Error', state: 'exited' });
        t.ok(state.startedAtMs >= state.createdAtMs - 1000);
        // containerd notes the start when it hears that the command has begun: one as short as this may have ended before.
        t.ok(state.finishedAtMs >= state.startedAtMs - 1000);
        const log = await until('the whole log', async () => {
          const text = await logOf(state);
          return text.includes('oops') && text.includes('lines|/usr') ? text : null;
        });
        t.match(log, /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d+\S* stdout F it's \$HOME\|two$/m);
        t.match(log, / stdout F lines\|\/usr$/m);
        t.match(log, / stderr F oops$/m);
      });
    },
  );

  await t.test(
    `${name}: a command that is not there is refused, and the container has ended`,
    async (t) => {
      await inSandbox(async (sandbox) => {
        const made = await runtime.createContainer(
          sandbox,
          config(['no-such-command']),
          sandboxConfig(logs),
        );
        t.equal((await runtime.containerStatus(made)).state, 'created');
        const error = await runtime.startContainer(made).catch((caught: unknown) => caught);
        t.ok(error instanceof RuntimeError);
        t.match((error as Error).message, /executable file not found in \$PATH/);
        const state = await ended(made);
        t.not(state.exitCode, 0);
      });
    },
  );

  await t.test(
    `${name}: stop lets a container end by itself within its grace, then kills it`,
    async (t) => {
      await inSandbox(async (_sandbox, run) => {
        const polite = await run([
          'sh',
          '-c',
          'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done',
        ]);
        await until('its trap', async () =>
          (await logOf(await runtime.containerStatus(polite))).includes('up'),
        );
        await runtime.stopContainer(polite, 20);
        t.equal((await runtime.containerStatus(polite)).exitCode, 7);
        const stubborn = await run([
          'sh',
          '-c',
          'trap "" TERM; echo up; while :; do sleep 0.1; done',
        ]);
        await until('its trap', async () =>
          (await logOf(await runtime.containerStatus(stubborn))).includes('up'),
        );
        await runtime.stopContainer(stubborn, 1);
        t.match(await runtime.containerStatus(stubborn), { state: 'exited', exitCode: 137 });
        await runtime.stopContainer(stubborn, 1);
        await runtime.removeContainer(stubborn);
        await runtime.removeContainer(stubborn);
        await t.rejects(runtime.containerStatus(stubborn), { code: 'not-found' });
      });
    },
  );

  await t.test(
    `${name}: execSync gives output and exit code, and ends what takes too long`,
    async (t) => {
      await inSandbox(async (_sandbox, run) => {
        const id = await run(['sleep', '1000'], { env: [{ name: 'X', value: 'y' }] });
        const done = await runtime.execSync(
          id,
          ['sh', '-c', 'echo "$X"; echo e >&2; exit 5'],
          60_000,
        );
        t.equal(Buffer.from(done.stdout).toString(), 'y\n');
        t.equal(Buffer.from(done.stderr).toString(), 'e\n');
        t.equal(done.exitCode, 5);
        await t.rejects(runtime.execSync(id, ['sleep', '1000'], 1000), { code: 'timeout' });
        await runtime.stopContainer(id, 0);
        await t.rejects(runtime.execSync(id, ['true'], 5000));
      });
    },
  );

  await t.test(`${name}: exec talks with a command`, async (t) => {
    await inSandbox(async (_sandbox, run) => {
      const id = await run(['sleep', '1000']);
      const session = await runtime.exec(id, {
        command: ['sh', '-c', 'cat; echo done >&2; exit 4'],
        stdin: true,
        stdout: true,
        stderr: true,
        tty: false,
      });
      const output = textOf(session.stdout);
      const errors = textOf(session.stderr);
      session.stdin?.end('through\n');
      t.equal(await session.ended, 4);
      t.equal(await output, 'through\n');
      t.equal(await errors, 'done\n');
    });
  });

  await t.test(`${name}: exec with a terminal has one of the asked size`, async (t) => {
    await inSandbox(async (_sandbox, run) => {
      const id = await run(['sleep', '1000']);
      const untilSized = 'until [ "$(stty size)" = "45 123" ]; do sleep 0.1; done';
      const session = await runtime.exec(id, {
        command: ['sh', '-c', `test -t 0 && echo terminal; ${untilSized}; echo sized; exit 2`],
        stdin: true,
        stdout: true,
        stderr: false,
        tty: true,
      });
      let text = '';
      session.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      await until('a terminal', async () => text.includes('terminal'));
      session.resize(123, 45);
      t.equal(await session.ended, 2);
      await until('its last words', async () => text.includes('sized'));
    });
  });

  await t.test(`${name}: attach sees what a container writes and writes to it`, async (t) => {
    await inSandbox(async (_sandbox, run) => {
      const id = await run(['sh', '-c', 'while read -r line; do echo "got $line"; done; exit 6'], {
        stdin: true,
        stdinOnce: true,
      });
      const session = await runtime.attach(id, {
        stdin: true,
        stdout: true,
        stderr: true,
        tty: false,
      });
      let text = '';
      session.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      session.stdin?.write('one\n');
      await until('an answer', async () => text.includes('got one'));
      session.stdin?.end('two\n');
      t.equal((await ended(id)).exitCode, 6);
      await session.ended;
      await until('its last words', async () => text.includes('got two'));
    });
  });

  await t.test(`${name}: exec of a command that is not there fails and says so`, async (t) => {
    await inSandbox(async (_sandbox, run) => {
      const id = await run(['sleep', '1000']);
      const streams = { stdin: false, stdout: true, stderr: true, tty: false };
      const request = { command: ['no-such-command'], ...streams };
      const how = await (async () => {
        const session = await runtime.exec(id, request);
        const said = Promise.all([textOf(session.stdout), textOf(session.stderr)]);
        const exitCode = await session.ended;
        return `${exitCode} ${(await said).join('')}`;
      })().catch((error: unknown) => {
        t.ok(error instanceof RuntimeError);
        return (error as Error).message;
      });
      t.match(how, /^12[67] |executable file not found in \$PATH/);
    });
  });

  await t.test(`${name}: portForward connects to a port of the sandbox`, async (t) => {
    await inSandbox(async (sandbox, run) => {
      const [port = 0] = await freePorts(1);
      // What listens says so by its own connection.
      await run(['sh', '-c', `while :; do echo pong | ${subject.listen(port)}; done`]);
      const text = await until('an answer', async () => {
        const stream = await runtime.portForward(sandbox, port).catch(() => null);
        if (stream === null) return null;
        stream.end('ping\n');
        return (await textOf(stream).catch(() => '')) || null;
      });
      t.equal(text, 'pong\n');
    });
  });

  await t.test(`${name}: reopenLog goes on in a new file`, async (t) => {
    await inSandbox(async (_sandbox, run) => {
      const id = await run([
        'sh',
        '-c',
        'i=0; while :; do i=$((i+1)); echo line-$i; sleep 0.05; done',
      ]);
      const { logPath } = await runtime.containerStatus(id);
      await until('a line', async () => (await readFile(logPath, 'utf8')).includes('line-1'));
      await rename(logPath, `${logPath}.old`);
      await runtime.reopenLog(id);
      await until('a new line', async () =>
        (await readFile(logPath, 'utf8').catch(() => '')).includes('line-'),
      );
      await runtime.stopContainer(id, 0);
      const numbers =
        `${await readFile(`${logPath}.old`, 'utf8')}${await readFile(logPath, 'utf8')}`
          .split('\n')
          .filter(Boolean)
          .map((line) => Number(/line-(\d+)$/.exec(line)?.[1]));
      t.strictSame(
        numbers,
        numbers.map((_, index) => index + 1),
        `no line is lost or twice: ${await readFile(logPath, 'utf8')}`,
      );
    });
  });

  await t.test(
    `${name}: another runtime on the same state finds what runs, and its end`,
    async (t) => {
      await inSandbox(async (sandbox, run) => {
        const id = await run([
          'sh',
          '-c',
          'sleep 1000 & trap "kill $!; exit 9" TERM; echo up; wait',
        ]);
        await until('its trap', async () =>
          (await logOf(await runtime.containerStatus(id))).includes('up'),
        );
        const before = await runtime.containerStatus(id);
        const second = await subject.reopen();
        const found = (await second.listContainers()).find((container) => container.id === id);
        t.match(found, { state: 'running', sandboxId: sandbox, labels: before.labels });
        t.equal(found?.startedAtMs, before.startedAtMs);
        t.equal((await second.sandboxStatus(sandbox)).isReady, true);
        await second.stopContainer(id, 20);
        t.equal((await second.containerStatus(id)).exitCode, 9);
        await second.close();
      });
    },
  );

  await t.test(`${name}: events tell of containers that start, stop and go`, async (t) => {
    const stop = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of runtime.events(stop.signal)) {
        seen.push(`${event.kind} ${event.containerId}`);
      }
    })();
    await inSandbox(async (_sandbox, run) => {
      const id = await run(['true']);
      await ended(id);
      await until('the end told', async () => seen.includes(`stopped ${id}`));
      t.ok(seen.includes(`started ${id}`) || seen.includes(`stopped ${id}`));
    });
    stop.abort();
    await reading;
  });

  await t.test(`${name}: what is not there is not found`, async (t) => {
    await t.rejects(runtime.sandboxStatus('none'), { code: 'not-found' });
    await t.rejects(runtime.containerStatus('none'), { code: 'not-found' });
    await t.rejects(runtime.startContainer('none'), { code: 'not-found' });
    await runtime.stopContainer('none', 1);
    await runtime.removeContainer('none');
    await runtime.stopSandbox('none');
    await runtime.removeSandbox('none');
    t.equal(await runtime.imageStatus('example.invalid/none:1'), null);
  });

  await t.test(`${name}: statistics count processor time and memory`, async (t) => {
    await inSandbox(async (_sandbox, run) => {
      const id = await run(['sh', '-c', 'while :; do :; done']);
      const stats = await until('processor time', async () => {
        const found = (await runtime.containerStats()).find((row) => row.containerId === id);
        return found !== undefined && found.cpuNanoseconds > 0 ? found : null;
      });
      t.ok(stats.memoryUsageBytes > 0);
      await runtime.stopContainer(id, 0);
    });
  });
}

type Run = (command: readonly string[], changes?: Partial<ContainerConfig>) => Promise<string>;

async function textOf(stream: Readable | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
