import t from 'tap';
import { BcryptBusyError, BcryptThread } from '../../src/host/bcrypt-thread.js';

t.test('BcryptThread knows the hashes that others have made', async (t) => {
  const thread = new BcryptThread();
  const table: readonly (readonly [password: string, hash: string, matches: boolean])[] = [
    // The test vectors of the first implementation, and of Go's.
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', true],
    ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', true],
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', false],
    ['', 'no hash at all', false],
    ['', '', false],
  ];
  for (const [password, hash, matches] of table) {
    t.equal(await thread.matches(password, hash), matches, `${password} ${hash}`);
  }
});

t.test('BcryptThread.hash makes a new hash each time, which is of that password', async (t) => {
  const thread = new BcryptThread();
  const [one, other] = await Promise.all([thread.hash('a', 4), thread.hash('a', 4)]);
  t.match(one, /^\$2[ab]\$04\$.{53}$/);
  t.not(one, other);
  t.ok(await thread.matches('a', one));
  t.notOk(await thread.matches('b', other));
});

t.test('BcryptThread takes only so many passwords at once', async (t) => {
  const thread = new BcryptThread();
  const jobs = Array.from({ length: 300 }, () => thread.matches('a', 'no hash'));
  const outcomes = await Promise.allSettled(jobs);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  t.ok(refused.length > 0);
  for (const { reason } of refused) t.type(reason, BcryptBusyError);
  t.equal(await thread.matches('a', 'no hash'), false, 'there is room again');
});
