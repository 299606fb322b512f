import t from 'tap';
import { rolloutUnderKills } from './rollout-under-kills.js';

/** Ten processes and their restarts need processors of their own: it has a command of its own (docs/convergence.md). */
const pods = Number(process.env.FLOTILLA_ROLLOUT_PODS ?? 300);
const seed = Number(process.env.FLOTILLA_ROLLOUT_SEED ?? 1);
const podsPerDeployment = Math.min(500, Math.ceil(pods / 6));
const killEveryMs = Number(process.env.FLOTILLA_ROLLOUT_KILL_MS ?? 2000);
const podEventsPerKill = Number(process.env.FLOTILLA_ROLLOUT_EVENTS_PER_KILL ?? pods / 5);

// It ends when nothing happens any more, however slow the machine is.
t.setTimeout(0);

t.test('a rollout comes to its end within its bounds while leaders are killed', async (t) => {
  t.comment(`FLOTILLA_ROLLOUT_SEED=${seed} FLOTILLA_ROLLOUT_PODS=${pods}`);
  const result = await rolloutUnderKills(t, {
    deployments: Math.ceil(pods / podsPerDeployment),
    ...{ podsPerDeployment, killEveryMs, podEventsPerKill, killsMin: 8, seed },
    ...{ leaseSeconds: 15, patienceMs: 600_000 },
  });
  const { violations, writesBefore, kills, ...figures } = result;
  t.comment(JSON.stringify({ ...figures, kills: Object.fromEntries(kills) }, null, 2));
  t.same(violations, []);
  if (writesBefore.length > 0) t.comment(writesBefore.join('\n'));
  for (const [target, count] of kills) t.ok(count > 0, `${target} was killed ${count} times`);
  t.ok(result.bindings > pods, `${result.bindings} bindings were audited`);
});
