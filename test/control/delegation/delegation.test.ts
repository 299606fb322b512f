import t from 'tap';
import type { ControlClient } from '../../../src/control/client/index.js';
import {
  AccessReviews,
  authenticateRequest,
  type RequestUser,
  TokenReviews,
} from '../../../src/control/delegation/index.js';
import type { WebRequest } from '../../../src/rpc/index.js';
import { ManualClock } from '../../store/manual-clock.js';

interface Review {
  readonly spec: Record<string, unknown>;
}

/** An API server that answers reviews, and keeps what it was asked. */
function reviewer(answer: (spec: Record<string, unknown>) => object) {
  const asked: Record<string, unknown>[] = [];
  const client = {
    objects: () => ({
      create: async ({ spec }: Review) => {
        asked.push(spec);
        return { status: answer(spec) };
      },
    }),
  } as unknown as ControlClient;
  return { client, asked };
}

const ann: RequestUser = { name: 'ann', uid: 'u', groups: ['dev'], extra: { scope: ['a'] } };

t.test('TokenReviews: whose a token is is asked once while that is believed', async (t) => {
  const clock = new ManualClock();
  const { client, asked } = reviewer(({ token }) =>
    token === 'good'
      ? { authenticated: true, user: { username: 'ann', uid: 'u', groups: ['dev'], extra: {} } }
      : { authenticated: false, error: 'no' },
  );
  const reviews = new TokenReviews(client, clock, { goodMs: 1000, badMs: 100 });
  const [first, second] = await Promise.all([reviews.userOf('good'), reviews.userOf('good')]);
  t.same(first, { name: 'ann', uid: 'u', groups: ['dev'], extra: {} });
  t.equal(second, first);
  t.equal(await reviews.userOf('bad'), null);
  t.equal(asked.length, 2, 'those who ask at once share an answer');
  await clock.advance(500);
  await reviews.userOf('good');
  t.equal(asked.length, 2);
  await reviews.userOf('bad');
  t.equal(asked.length, 3, 'a refusal is not believed for long');
  await clock.advance(600);
  await reviews.userOf('good');
  t.equal(asked.length, 4);
});

t.test('TokenReviews: what could not be found out is not remembered', async (t) => {
  const clock = new ManualClock();
  let isDown = true;
  const { client } = reviewer(() => {
    if (isDown) throw new Error('down');
    return { authenticated: true, user: { username: 'ann' } };
  });
  const reviews = new TokenReviews(client, clock, { goodMs: 1000, badMs: 1000 });
  await t.rejects(reviews.userOf('good'), { message: 'down' });
  isDown = false;
  t.equal((await reviews.userOf('good'))?.name, 'ann');
  t.equal(clock.timerCount, 0, 'nothing is left running');
});

t.test('AccessReviews ask for what is wanted, by whom', async (t) => {
  const clock = new ManualClock();
  const { client, asked } = reviewer(({ resourceAttributes }) => ({
    allowed: resourceAttributes !== undefined,
  }));
  const reviews = new AccessReviews(client, clock, { allowedMs: 1000, deniedMs: 100 });
  const nodes = {
    ...({ kind: 'resource', verb: 'get', group: '', version: 'v1', resource: 'nodes' } as const),
    ...{ subresource: 'proxy', namespace: '', name: 'n1' },
  };
  const path = { kind: 'path', verb: 'get', path: '/apis' } as const;
  t.equal(await reviews.isAllowed(ann, nodes), true);
  t.equal(await reviews.isAllowed(ann, path), false);
  t.same(asked, [
    {
      ...{ user: 'ann', uid: 'u', groups: ['dev'], extra: { scope: ['a'] } },
      resourceAttributes: {
        ...{ verb: 'get', group: '', version: 'v1', resource: 'nodes', subresource: 'proxy' },
        ...{ namespace: '', name: 'n1' },
      },
    },
    {
      ...{ user: 'ann', uid: 'u', groups: ['dev'], extra: { scope: ['a'] } },
      nonResourceAttributes: { verb: 'get', path: '/apis' },
    },
  ]);
  await reviews.isAllowed({ ...ann, groups: [] }, nodes);
  t.equal(asked.length, 3, 'another user is another question');
  await clock.advance(200);
  await reviews.isAllowed(ann, nodes);
  await reviews.isAllowed(ann, path);
  t.equal(asked.length, 4, 'a refusal is asked for again first');
});

t.test('authenticateRequest: who shows something that is no good is nobody', async (t) => {
  const request = (authorization: string, certificates = 0) =>
    ({
      headers: new Map(authorization === '' ? [] : [['authorization', authorization]]),
      peerCertificates: Array.from({ length: certificates }, () => new Uint8Array(1)),
    }) as unknown as WebRequest;
  const options = {
    certificates: { userOf: async () => null },
    tokens: { userOf: async (token: string) => (token === 'good' ? ann : null) },
    isAnonymousAllowed: true,
  };
  const bad = {
    userOf: async () => {
      throw new Error('signed by nobody');
    },
  };
  const known = { user: { ...ann, groups: ['dev', 'system:authenticated'] } };
  t.same(await authenticateRequest(request('Bearer good'), options), known);
  t.same(await authenticateRequest(request('bearer  good '), options), known);
  t.same(await authenticateRequest(request('Bearer bad'), options), {
    refusal: 'invalid bearer token',
  });
  t.match(await authenticateRequest(request(''), options), { user: { name: 'system:anonymous' } });
  t.match(
    await authenticateRequest(request('Basic YTpi'), options),
    { user: { name: 'system:anonymous' } },
    'what is not asked for counts as nothing',
  );
  t.match(await authenticateRequest(request('', 1), { ...options, certificates: bad }), {
    refusal: 'signed by nobody',
  });
  t.match(await authenticateRequest(request(''), { ...options, isAnonymousAllowed: false }), {
    refusal: 'no credentials',
  });
  t.same(
    await authenticateRequest(request('Bearer good', 1), options),
    known,
    'a certificate without a name leaves it to the token',
  );
});
