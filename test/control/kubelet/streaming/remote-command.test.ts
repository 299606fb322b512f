import { PassThrough } from 'node:stream';
import t from 'tap';
import type { ProcessSession } from '../../../../src/control/kubelet/runtime/container-runtime.js';
import type { CommandEnd } from '../../../../src/control/kubelet/streaming/command-status.js';
import { runRemoteCommand } from '../../../../src/control/kubelet/streaming/remote-command.js';
import { IdleWatch } from '../../../../src/rpc/idle-watch.js';
import { ManualClock } from '../../../store/manual-clock.js';

/** A process and a client, joined. */
function makeJoint() {
  const clock = new ManualClock();
  const stdout = new PassThrough();
  const shown = new PassThrough();
  const ends: CommandEnd[] = [];
  const sizes: string[] = [];
  let exit: (code: number) => void = () => {};
  let isClosed = false;
  let onGone: () => void = () => {};
  const session: ProcessSession = {
    ...{ stdin: new PassThrough(), stdout, stderr: null },
    resize: (columns, rows) => void sizes.push(`${columns}x${rows}`),
    ended: new Promise((resolve) => {
      exit = resolve;
    }),
    close: () => {
      isClosed = true;
    },
  };
  const resizes = new PassThrough();
  const streams = {
    ...{ stdin: new PassThrough(), stdout: shown, stderr: null, resizes },
    end: async (how: CommandEnd) => void ends.push(how),
    onGone: (callback: () => void) => {
      onGone = callback;
    },
  };
  const running = runRemoteCommand(streams, async () => session, clock);
  return {
    ...{ clock, stdout, shown, ends, sizes, resizes, running, session, streams },
    exit: (code: number) => exit(code),
    leave: () => onGone(),
    get isClosed() {
      return isClosed;
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('runRemoteCommand ends when the process has, and its output is through', async (t) => {
  const joint = makeJoint();
  joint.exit(3);
  await turn();
  t.same(joint.ends, [], 'the output is not at its end');
  joint.stdout.end('last words');
  await joint.running;
  t.same(joint.ends, [{ kind: 'exited', exitCode: 3 }]);
  t.equal(joint.shown.read()?.toString(), 'last words');
});

t.test('runRemoteCommand does not wait for ever for who holds the output open', async (t) => {
  const joint = makeJoint();
  joint.exit(0);
  await turn();
  await joint.clock.advance(4000);
  joint.stdout.write('a child speaks');
  await turn();
  await joint.clock.advance(4000);
  await turn();
  t.same(joint.ends, [], 'it has said something not long ago');
  for (let i = 0; i < 4; i++) {
    await joint.clock.advance(1000);
    await turn();
  }
  await joint.running;
  t.same(joint.ends, [{ kind: 'exited', exitCode: 0 }]);
  t.equal(joint.clock.timerCount, 0, 'nothing is left running');
});

t.test('runRemoteCommand waits for a client that reads slowly', async (t) => {
  const joint = makeJoint();
  joint.stdout.write(Buffer.alloc(100_000));
  await turn();
  joint.exit(0);
  for (let i = 0; i < 40; i++) {
    await joint.clock.advance(1000);
    await turn();
  }
  t.same(joint.ends, [], 'what is there has not left');
  joint.stdout.end();
  joint.shown.resume();
  await joint.running;
  t.equal(joint.ends.length, 1);
});

t.test('runRemoteCommand lets go of the process when the client goes', async (t) => {
  const joint = makeJoint();
  await turn();
  joint.leave();
  t.equal(joint.isClosed, true);
  joint.stdout.end();
  joint.exit(129);
  await joint.running;
});

t.test(
  'runRemoteCommand takes sizes as they come, in pieces and with what makes no sense',
  async (t) => {
    const joint = makeJoint();
    await turn();
    joint.resizes.write('{"Width":80,"He');
    joint.resizes.write('ight":24}{"Width":0,"Height":1}{"Width":70000,"Height":1}{}{"Wi');
    joint.resizes.write('dth":1,"Height":2}');
    joint.resizes.write('x'.repeat(10_000));
    joint.resizes.write('{"Width":3,"Height":4}');
    await turn();
    t.same(joint.sizes, ['80x24', '1x2', '3x4']);
    joint.stdout.end();
    joint.exit(0);
    await joint.running;
  },
);

t.test('runRemoteCommand says why a process could not be started', async (t) => {
  const clock = new ManualClock();
  const ends: CommandEnd[] = [];
  const error = new Error('no such command');
  const streams = {
    ...{ stdin: null, stdout: null, stderr: null, resizes: null },
    end: async (how: CommandEnd) => void ends.push(how),
    onGone: () => {},
  };
  await runRemoteCommand(streams, () => Promise.reject(error), clock);
  t.same(ends, [{ kind: 'failed', error }]);
});

t.test('IdleWatch tells once nothing has happened for as long', async (t) => {
  const clock = new ManualClock();
  let told = 0;
  const watch = new IdleWatch(clock, 1000, () => {
    told += 1;
  });
  await clock.advance(900);
  watch.touch();
  await clock.advance(900);
  t.equal(told, 0);
  await clock.advance(100);
  t.equal(told, 1);
  t.equal(clock.timerCount, 0);
  const never = new IdleWatch(clock, 0, () => t.fail('without time it never tells'));
  await clock.advance(1e9);
  never.stop();
  const stopped = new IdleWatch(clock, 10, () => t.fail('it was stopped'));
  stopped.stop();
  await clock.advance(100);
});
