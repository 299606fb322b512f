import t from 'tap';
import { SimpleTokens } from '../../../src/store/auth/simple-tokens.js';
import { ManualClock } from '../manual-clock.js';

t.test('SimpleTokens.use starts the time of a token anew', async (t) => {
  const clock = new ManualClock();
  const tokens = new SimpleTokens({ clock, ttlSeconds: 10 });
  tokens.assign('one', 'alice');
  for (let i = 0; i < 3; i++) {
    clock.jump(9_000);
    t.equal(tokens.use('one'), 'alice');
  }
  clock.jump(10_001);
  t.equal(tokens.use('one'), undefined, 'it was not used for too long');
  t.equal(tokens.use('two'), undefined, 'it never was one');
});

t.test('SimpleTokens forgets tokens that nobody uses', async (t) => {
  const clock = new ManualClock();
  const tokens = new SimpleTokens({ clock, ttlSeconds: 10 });
  for (let i = 0; i < 100; i++) tokens.assign(`token ${i}`, 'alice');
  clock.jump(10_001);
  tokens.assign('last', 'bob');
  t.equal(tokens.size, 1);
  t.equal(tokens.use('last'), 'bob');
});

t.test('SimpleTokens.dropUser takes the tokens of one user, clear those of all', async (t) => {
  const tokens = new SimpleTokens({ clock: new ManualClock(), ttlSeconds: 10 });
  tokens.assign('a1', 'alice');
  tokens.assign('a2', 'alice');
  tokens.assign('b', 'bob');
  tokens.dropUser('alice');
  t.equal(tokens.use('a1'), undefined);
  t.equal(tokens.use('a2'), undefined);
  t.equal(tokens.use('b'), 'bob');
  tokens.clear();
  t.equal(tokens.use('b'), undefined);
});
