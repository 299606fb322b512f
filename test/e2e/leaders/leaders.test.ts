import t from 'tap';
import { rolloutUnderKills } from './rollout-under-kills.js';

/** As main.js, small: each kind of leader is killed once. */
t.test('a small rollout keeps to its bounds while each kind of leader is killed', async (t) => {
  const { violations, writesBefore, kills, ...figures } = await rolloutUnderKills(t, {
    ...{ deployments: 2, podsPerDeployment: 30, leaseSeconds: 6, seed: 1 },
    ...{ killEveryMs: 500, podEventsPerKill: 100, killsMin: 4, patienceMs: 180_000 },
  });
  t.comment(JSON.stringify(figures));
  t.same(violations, []);
  if (writesBefore.length > 0) t.comment(writesBefore.join('\n'));
  for (const [target, count] of kills) t.ok(count > 0, `${target} was killed ${count} times`);
});
