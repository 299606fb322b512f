import t from 'tap';
import { Prng } from '../../src/base/prng.js';
import { Cluster } from './cluster.js';
import { Crowd, freezeRound, killRound, leaderIndex, type Round, verify } from './kill-rounds.js';
import { kindUnderTest } from './kind.js';
import { needs } from './project.js';
import type { Writer } from './writers.js';

/** More rounds with FLOTILLA_KILL_ROUNDS (`npm run soak`); the victims follow from FLOTILLA_KILL_SEED. */
const rounds = Number(process.env.FLOTILLA_KILL_ROUNDS ?? 6);
const seed = Number(process.env.FLOTILLA_KILL_SEED ?? Date.now() % 1_000_000);

/**
 * How long any client may wait after a kill, in milliseconds. Promised are 3 s, which `npm run soak` asks for; a machine that is busy
 * with something else cannot be asked for a time, and then what counts is that no write waited out a server's own timeout.
 */
const gapMsMax = Number(process.env.FLOTILLA_KILL_GAP_MS ?? Number.POSITIVE_INFINITY);

/** Nobody tells the others that the leader is frozen: an election timeout (1 to 2 s) passes first. */
const frozenGapMsMax = gapMsMax + 1000;

/** The log is cut often, so that members that come back may need a snapshot. */
const flags = ['--snapshot-count=1000'];

t.setTimeout(900_000 + rounds * 30_000);

const programs = kindUnderTest() === 'etcd' ? ['etcd'] : [];

t.test(
  'kill -9: under 50 writing clients nothing is lost, invented or repeated',
  needs(...programs),
  async (t) => {
    t.comment(`FLOTILLA_KILL_SEED=${seed} FLOTILLA_KILL_ROUNDS=${rounds}`);
    const prng = new Prng(seed);
    const cluster = await Cluster.forTest(t, { kind: kindUnderTest(), flags });
    const crowd = new Crowd(cluster);
    crowd.start();
    t.teardown(() => crowd.stop());
    await crowd.progress();

    for (let round = 0; round < rounds; round++) {
      // Every other time the leader, else anybody.
      const victim =
        round % 2 === 0 ? await leaderIndex(cluster) : prng.int(0, cluster.members.length);
      const result = await killRound(cluster, crowd, victim);
      const name = `round ${round}: ${describe(result)}`;
      t.ok(result.gapMs <= gapMsMax, `${name}: writes of every client resume in time`);
      await crowd.progress();
    }
    // etcd keeps a write that went to a dead leader for 7 s; ours is proposed again by the next.
    const mayTimeOut = kindUnderTest() === 'etcd';
    if (!mayTimeOut) t.notMatch(failures(crowd.writers), /timed out/);
    const { others, gapMs } = await freezeRound(cluster, crowd);
    t.ok(
      gapMs <= frozenGapMsMax,
      `the leader is frozen: clients of the others wait ${Math.round(gapMs)} ms`,
    );
    await crowd.progress();
    if (!mayTimeOut) t.notMatch(failures(others), /timed out/);
    t.comment(`${crowd.acknowledged} writes acknowledged`);

    await cluster.killAll();
    await cluster.startAll();
    await crowd.progress();
    t.pass('all three members killed at once: every client writes again after the restart');
    await crowd.stop();

    t.same(await verify(cluster, crowd), [], 'the store holds what was sent, on every member');
    await cluster.killAll();
    await cluster.startAll();
    t.same(await verify(cluster, crowd), [], 'and again after all were killed at rest');
    t.comment(failures(crowd.writers));
  },
);

function describe(round: Round): string {
  const ms = (value: number) => `${Math.round(value)} ms`;
  const sequential = round.sequentialGapMs.map(ms).join(', ');
  return (
    `killed ${round.victim} (${round.wasLeader ? 'leader' : 'follower'}): ` +
    `longest wait ${ms(round.gapMs)}, one at a time through each member ${sequential}, ` +
    `caught up ${ms(round.catchUpMs)} after restart`
  );
}

/** What the clients were told, so that a run that proves little shows as such. */
function failures(writers: readonly Writer[]): string {
  const totals = new Map<string, number>();
  for (const writer of writers) {
    for (const [text, count] of writer.failures) totals.set(text, (totals.get(text) ?? 0) + count);
  }
  return [...totals].map(([text, count]) => `${count} x ${text}`).join('\n');
}
