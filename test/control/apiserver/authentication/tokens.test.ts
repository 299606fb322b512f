import { Registry } from 'prom-client';
import t from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { BearerTokenAuthenticator } from '../../../../src/control/apiserver/authentication/bearer-token.js';
import { BootstrapTokenAuthenticator } from '../../../../src/control/apiserver/authentication/bootstrap-token.js';
import { CsvError, parseCsv } from '../../../../src/control/apiserver/authentication/csv.js';
import {
  healthOnly,
  RequestAuthentication,
} from '../../../../src/control/apiserver/authentication/request-authentication.js';
import {
  reviewSelf,
  reviewToken,
} from '../../../../src/control/apiserver/authentication/reviews.js';
import {
  ForApiAudiences,
  type TokenAuthenticator,
  TokenError,
  TokenUnion,
} from '../../../../src/control/apiserver/authentication/token-authenticator.js';
import { TokenCache } from '../../../../src/control/apiserver/authentication/token-cache.js';
import { TokenCacheMetrics } from '../../../../src/control/apiserver/authentication/token-cache-metrics.js';
import {
  parseTokenFile,
  TokenFileAuthenticator,
} from '../../../../src/control/apiserver/authentication/token-file.js';
import { userInfo } from '../../../../src/control/apiserver/authentication/user-info.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { FakeObjects } from '../fake-objects.js';

const file = parseTokenFile(
  'admin-token,admin,uid-1,"system:masters,ops"\nplain,jane,uid-2\n,empty,uid-3\n',
  'tokens.csv',
);

const request = (headers: Record<string, string>) => ({
  headers: new Map(Object.entries(headers)),
  peerCertificates: [],
});

t.test('parseCsv reads quotes, commas and line ends', async (t) => {
  const cases: readonly [string, string[][]][] = [
    ['a,b,c', [['a', 'b', 'c']]],
    ['a,"b,c",d\n', [['a', 'b,c', 'd']]],
    [
      '"a""b",c\r\nd,e\r\n',
      [
        ['a"b', 'c'],
        ['d', 'e'],
      ],
    ],
    [
      'a,\n\n,b\n',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['"two\nlines",x', [['two\nlines', 'x']]],
    ['', []],
  ];
  for (const [text, records] of cases) t.same(parseCsv(text), records, JSON.stringify(text));
  for (const text of ['a,"b', 'a,"b"c,d', 'a,b"c']) t.throws(() => parseCsv(text), CsvError, text);
});

t.test('parseTokenFile wants three columns', async (t) => {
  t.throws(
    () => parseTokenFile('token,name\n', 'x.csv'),
    /token file 'x\.csv' must have at least 3 columns \(token, user name, user uid\), found 2/,
  );
  t.same(file.get('admin-token'), {
    name: 'admin',
    uid: 'uid-1',
    groups: ['system:masters', 'ops'],
    extra: {},
  });
  t.equal(file.size, 2, 'the empty token is none');
});

t.test('RequestAuthentication tells users, and 401 to everybody else', async (t) => {
  const tokens = new ForApiAudiences(new TokenFileAuthenticator(file), ['api']);
  const authentication = new RequestAuthentication(
    [new BearerTokenAuthenticator(tokens, ['api'])],
    healthOnly,
    silentLogger,
  );
  const ask = (authorization: string, path = '/api') =>
    authentication.authenticateRequest(
      request(authorization === '' ? {} : { authorization }),
      path,
    );
  const admin = await ask('Bearer admin-token');
  t.same(admin.groups, ['system:masters', 'ops', 'system:authenticated']);
  t.equal((await ask('bearer plain')).name, 'jane');
  for (const [authorization, path] of [
    ['', '/api'],
    ['Bearer wrong', '/api'],
    ['Bearer wrong', '/healthz'],
    ['Basic YTpi', '/api'],
    ['Bearer', '/api'],
    ['Bearer  plain', '/api'],
    ['', '/healthz/etcd'],
    ['', '/healthzz'],
  ] as const) {
    const error = await ask(authorization, path).then(
      () => null,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof StatusError && error.code === 401, `${authorization} ${path}`);
    t.equal((error as StatusError).message, 'Unauthorized');
  }
  const anonymous = await ask('', '/readyz');
  t.equal(anonymous.name, 'system:anonymous');
  t.same(anonymous.groups, ['system:unauthenticated']);
});

t.test('BearerTokenAuthenticator reads the WebSocket subprotocol of browsers', async (t) => {
  const authenticator = new BearerTokenAuthenticator(new TokenFileAuthenticator(file), []);
  const secret = `base64url.bearer.authorization.k8s.io.${Buffer.from('plain').toString('base64url')}`;
  const user = await authenticator.authenticate(
    request({ upgrade: 'websocket', 'sec-websocket-protocol': `v4.channel.k8s.io, ${secret}` }),
  );
  t.equal(user?.name, 'jane');
  const alone = request({ upgrade: 'websocket', 'sec-websocket-protocol': secret });
  t.equal(await authenticator.authenticate(alone), null, 'a secret is no protocol to answer with');
  const noUpgrade = request({ 'sec-websocket-protocol': `a, ${secret}` });
  t.equal(await authenticator.authenticate(noUpgrade), null);
});

t.test('TokenCache counts what it remembers, and the looks at what it does not', async (t) => {
  const clock = new ManualClock();
  const metrics = new TokenCacheMetrics();
  const registry = new Registry();
  metrics.register(registry);
  let answer: (identity: null) => void = () => {};
  const slow = new Promise<null>((resolve) => {
    answer = resolve;
  });
  const known = { user: userInfo({ name: 'jane' }), audiences: [] };
  const cache = new TokenCache(
    {
      authenticateToken: async (token) => {
        if (token === 'slow') return slow;
        if (token === 'bad') throw new TokenError('no');
        return known;
      },
    },
    clock,
    { metrics },
  );
  const shown = async () => (await registry.metrics()).split('\n');
  await cache.authenticateToken('good', []);
  await cache.authenticateToken('good', []);
  await t.rejects(cache.authenticateToken('bad', []));
  const waiting = [cache.authenticateToken('slow', []), cache.authenticateToken('slow', [])];
  const during = await shown();
  t.ok(during.includes('authentication_token_cache_active_fetch_count{status="in_flight"} 1'));
  t.ok(during.includes('authentication_token_cache_active_fetch_count{status="blocked"} 1'));
  answer(null);
  await Promise.all(waiting);
  await clock.settle();
  const after = await shown();
  for (const line of [
    'authentication_token_cache_request_total{status="hit"} 1',
    'authentication_token_cache_request_total{status="miss"} 4',
    'authentication_token_cache_request_duration_seconds_count{status="miss"} 4',
    'authentication_token_cache_fetch_total{status="ok"} 2',
    'authentication_token_cache_fetch_total{status="error"} 1',
    'authentication_token_cache_active_fetch_count{status="in_flight"} 0',
    'authentication_token_cache_active_fetch_count{status="blocked"} 0',
  ])
    t.ok(after.includes(line), line);
});

t.test('TokenCache looks once for ten seconds, shares looks, and keeps no failures', async (t) => {
  const clock = new ManualClock();
  let looks = 0;
  let isKnown = true;
  const inner: TokenAuthenticator = {
    async authenticateToken() {
      looks++;
      return isKnown ? { user: userInfo({ name: 'jane' }), audiences: [] } : null;
    },
  };
  const cache = new TokenCache(inner, clock, { entriesMax: 2 });
  await Promise.all([cache.authenticateToken('a', []), cache.authenticateToken('a', [])]);
  await cache.authenticateToken('a', []);
  t.equal(looks, 1);
  await cache.authenticateToken('a', ['other']);
  t.equal(looks, 2, 'audiences are part of the question');
  clock.jump(10_001);
  isKnown = false;
  t.equal(await cache.authenticateToken('a', []), null);
  t.equal(await cache.authenticateToken('a', []), null);
  t.equal(looks, 4, 'failures are not kept');
  isKnown = true;
  for (const token of ['b', 'c', 'd', 'b']) await cache.authenticateToken(token, []);
  t.equal(looks, 8, 'the oldest made room');
});

t.test('TokenUnion lets a later kind know a token that an earlier one refuses', async (t) => {
  const refusing: TokenAuthenticator = {
    authenticateToken: () => Promise.reject(new TokenError('is expired')),
  };
  const union = new TokenUnion([refusing, new TokenFileAuthenticator(file)]);
  t.equal((await union.authenticateToken('plain', []))?.user.name, 'jane');
  await t.rejects(union.authenticateToken('nobody', []), { message: 'is expired' });
  const broken: TokenAuthenticator = {
    authenticateToken: () => Promise.reject(new RangeError('a bug')),
  };
  await t.rejects(new TokenUnion([broken]).authenticateToken('x', []), RangeError);
});

t.test(
  'BootstrapTokenAuthenticator knows tokens that are kept, whole and not expired',
  async (t) => {
    const clock = new ManualClock();
    const base: Record<string, string> = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:workers',
    };
    const cases: readonly [string, Record<string, string>, string, boolean][] = [
      ['as it should be', {}, 'abcdef.0123456789abcdef', true],
      ['another secret', {}, 'abcdef.0123456789abcdee', false],
      ['another id', { 'token-id': 'abcdee' }, 'abcdef.0123456789abcdef', false],
      [
        'not for authentication',
        { 'usage-bootstrap-authentication': 'yes' },
        'abcdef.0123456789abcdef',
        false,
      ],
      ['expired', { expiration: '1970-01-01T00:00:01Z' }, 'abcdef.0123456789abcdef', false],
      ['not expired', { expiration: '2999-01-01T00:00:00Z' }, 'abcdef.0123456789abcdef', true],
      [
        'an expiration that cannot be read',
        { expiration: 'soon' },
        'abcdef.0123456789abcdef',
        false,
      ],
      [
        'a group that is not a bootstrapper',
        { 'auth-extra-groups': 'system:masters' },
        'abcdef.0123456789abcdef',
        false,
      ],
      ['not of the form', {}, 'ABCDEF.0123456789abcdef', false],
    ];
    for (const [title, changes, token, isKnown] of cases) {
      const data = Object.fromEntries(
        Object.entries({ ...base, ...changes }).map(([key, value]) => [
          key,
          Buffer.from(value).toString('base64'),
        ]),
      );
      const secret = {
        metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef' },
        type: 'bootstrap.kubernetes.io/token',
        data,
      };
      const authenticator = new BootstrapTokenAuthenticator(
        new FakeObjects().put('/secrets', secret),
        clock,
      );
      const identity = await authenticator.authenticateToken(token);
      t.equal(identity !== null, isKnown, title);
      if (identity !== null) {
        t.equal(identity.user.name, 'system:bootstrap:abcdef');
        t.same(identity.user.groups, ['system:bootstrappers', 'system:bootstrappers:workers']);
      }
    }
  },
);

t.test('reviewToken answers who a token is, and why it is nobody', async (t) => {
  const tokens = new ForApiAudiences(new TokenFileAuthenticator(file), ['api']);
  const review = (token: string, audiences: string[] = []) =>
    reviewToken({ metadata: {}, spec: { token, audiences } }, tokens, ['api']);
  t.same((await review('plain')).status, {
    authenticated: true,
    user: { username: 'jane', uid: 'uid-2', groups: ['system:authenticated'] },
    audiences: ['api'],
  });
  t.same((await review('wrong')).status, { user: {}, error: 'invalid bearer token' });
  t.equal((await review('plain', ['vault'])).status?.authenticated, undefined);
  await t.rejects(review(''), /token is required for TokenReview in authentication/);
  const user = userInfo({ name: 'jane', groups: ['dev'], extra: { scope: ['a'] } });
  t.same(reviewSelf(user, 0).status, {
    userInfo: { username: 'jane', groups: ['dev'], extra: { scope: ['a'] } },
  });
});
