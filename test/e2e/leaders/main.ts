import t from 'tap';
import { rolloutUnderKills } from './rollout-under-kills.js';

/** Ten processes and their restarts need processors of their own: it has a command of its own (docs/convergence.md). */
const pods = Number(process.env.FLOTILLA_ROLLOUT_PODS ?? 300);
const seed = Number(process.env.FLOTILLA_ROLLOUT_SEED ?? 1);
const podsPerDeployment = Math.min(500, Math.ceil(pods / 6));
const killEveryMs = Number(process.env.FLOTILLA_ROLLOUT_KILL_MS ?? 2000);
const patienceMs = 120_000 + pods * 150;

t.setTimeout(2 * patienceMs + 120_000);

t.test('a rollout comes to its end within its bounds while leaders are killed', async (t) => {
  t.comment(`FLOTILLA_ROLLOUT_SEED=${seed} FLOTILLA_ROLLOUT_PODS=${pods}`);
  const result = await rolloutUnderKills(t, {
    deployments: Math.ceil(pods / podsPerDeployment),
    ...{ podsPerDeployment, killEveryMs, killsMin: 8, seed, patienceMs },
  });
  const { violations, kills, ...figures } = result;
  t.comment(JSON.stringify({ ...figures, kills: Object.fromEntries(kills) }, null, 2));
  t.same(violations, []);
  for (const [target, count] of kills) t.ok(count > 0, `${target} was killed ${count} times`);
  t.ok(result.bindings > pods, `${result.bindings} bindings were audited`);
});
