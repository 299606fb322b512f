import type { Test } from 'tap';
import { until } from '../../client/until.js';
import { type Noticeboard, textOf } from './noticeboard.js';
import { loseMachine } from './power-loss.js';
import { tracesOf } from './traces.js';
import { deadlineMs, type WholeCluster } from './whole-cluster.js';

/** kill -9 of each of these programs, one after the other; the note is one that the page has. */
export async function checkKillsInTurn(
  t: Test,
  cluster: WholeCluster,
  {
    board,
    programs,
    note,
  }: {
    readonly board: Noticeboard;
    readonly programs: readonly string[];
    readonly note: string;
  },
): Promise<void> {
  await t.test('programs are killed in turn: pods run on, and the cluster heals', async (t) => {
    await board.keepScale();
    const before = await board.containers();
    t.ok(Object.keys(before).length >= 5, 'pods');
    const url = `http://${await board.nodeAddress('node-3')}:30080`;
    const here = await fetch('http://127.0.0.1:30080/index.html');
    t.equal(here.status, 200, 'node ports are on this machine too');
    for (const name of programs) {
      await cluster.killProgram(name);
      const index = await fetch(`${url}/index.html`);
      t.equal(index.status, 200, `served without ${name}`);
      // The page asks for names: those take a moment when the name server was killed.
      const hasNotes = async () => (await textOf(fetch(`${url}/cgi-bin/board`))).includes(note);
      await until(`the notes without ${name}`, hasNotes, deadlineMs);
    }
    const made = ['create', 'deployment', 'after', '--image=flotilla.local/base:1'];
    await cluster.untilShown(/created/, ...made, '--', 'sleep', '100000');
    await cluster.kubectl('rollout', 'status', 'deploy/after', `--timeout=${deadlineMs / 1000}s`);
    await board.pin('node-1', 'after all kills');
    t.same(await board.containers(), before, 'the same containers, none started again');
  });
}

/** kill -9 of all programs at once: what they started goes on. */
export async function checkKillOfAll(
  t: Test,
  cluster: WholeCluster,
  board: Noticeboard,
): Promise<void> {
  await t.test('all programs are killed at once: pods run on, `up` takes them over', async (t) => {
    const before = await board.containers();
    const address = await board.nodeAddress('node-1');
    await cluster.killAll();
    const page = await fetch(`http://${address}:30080/index.html`);
    t.equal(page.status, 200, 'served without a cluster');
    await cluster.start();
    await board.untilReady();
    t.same(await board.containers(), before, 'the same containers');
    await board.pin('node-2', 'after the loss');
  });
}

/** The machine goes out and comes back: every process is gone, and all that the kernel held; the disk is there. */
export async function checkPowerLoss(
  t: Test,
  cluster: WholeCluster,
  board: Noticeboard,
): Promise<void> {
  await t.test('the machine is started again: every pod comes back as it was', async (t) => {
    const before = await board.containers();
    await loseMachine(cluster);
    t.same(await tracesOf(cluster.dir), [], 'nothing runs');
    await cluster.start();
    await until(
      'all containers anew',
      async () => {
        const now = await board.containers();
        return Object.entries(before).every(
          ([pod, container]) => now[pod] !== undefined && now[pod] !== container,
        );
      },
      deadlineMs,
    );
    await board.untilReady();
    await board.pin('node-2', 'after the power was gone');
  });
}

/** A stop and a start: the notes are those that the page had and is to have again. */
export async function checkStop(
  t: Test,
  cluster: WholeCluster,
  { board, notes }: { readonly board: Noticeboard; readonly notes: readonly string[] },
): Promise<void> {
  await t.test('stopped it leaves nothing, started again everything is back', async (t) => {
    t.equal(await cluster.stop(), 0);
    t.same(await tracesOf(cluster.dir), []);
    await cluster.start();
    await board.untilReady();
    await board.pin('node-3', 'after the stop');
    let page = '';
    const hasAll = async () => {
      page = await board.page('node-1');
      return notes.every((note) => page.includes(note));
    };
    // Whichever pods answer for the page: a node may hear of them a moment later than another.
    await until('all notes', hasAll, deadlineMs).catch(() => undefined);
    for (const note of notes) t.match(page, note, 'the volume has all notes');
    t.equal(await cluster.stop(), 0);
    t.same(await tracesOf(cluster.dir), []);
  });
}
