import t from 'tap';
import { parseDurationMs } from '../../../src/cmd/flag-duration.js';
import { parseStoreFlags, storeHelp } from '../../../src/cmd/store/parse.js';
import { toSettings } from '../../../src/cmd/store/settings.js';

const settings = (argv: readonly string[], env: Record<string, string> = {}) =>
  toSettings(parseStoreFlags(argv, env));

t.test('parseStoreFlags takes etcd spellings of one value', async (t) => {
  for (const argv of [['--name', 'a'], ['--name=a'], ['-name', 'a'], ['-name=a']]) {
    t.equal(
      settings([...argv, '--initial-cluster', 'a=http://localhost:2380']).name,
      'a',
      argv.join(' '),
    );
  }
});

t.test('parseStoreFlags reads booleans as etcd does', async (t) => {
  const preVote = (...argv: string[]) => settings(argv).limits.preVote;
  t.equal(preVote(), true);
  t.equal(preVote('--pre-vote'), true);
  t.equal(preVote('--pre-vote=false'), false);
  t.throws(() => preVote('--pre-vote=maybe'), {
    name: 'UsageError',
    message: /"maybe" is not true or false/,
  });
  t.throws(() => preVote('--pre-vote', 'false'), { name: 'UsageError' }, 'a stray word is refused');
});

t.test('parseStoreFlags prefers flags to FLOTILLA_ to ETCD_ variables', async (t) => {
  const env = { ETCD_MAX_TXN_OPS: '1', FLOTILLA_MAX_TXN_OPS: '2' };
  t.equal(settings([], { ETCD_MAX_TXN_OPS: '1' }).limits.txnOpsMax, 1);
  t.equal(settings([], env).limits.txnOpsMax, 2);
  t.equal(settings(['--max-txn-ops=3'], env).limits.txnOpsMax, 3);
});

t.test('toSettings reads the way that etcd starts a static cluster', async (t) => {
  const read = settings([
    '--name=b',
    '--data-dir=/tmp/b',
    '--listen-client-urls=http://127.0.0.1:1,http://127.0.0.1:2',
    '--advertise-client-urls=http://127.0.0.1:1',
    '--listen-peer-urls=http://127.0.0.1:3',
    '--initial-advertise-peer-urls=http://127.0.0.1:3',
    '--initial-cluster=a=http://127.0.0.1:4,b=http://127.0.0.1:3',
    '--initial-cluster-token=t',
    '--initial-cluster-state=existing',
    '--auto-compaction-retention=1h',
    '--logger=zap',
  ]);
  t.match(read, {
    name: 'b',
    dataDir: '/tmp/b',
    listenClientUrls: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    initialState: 'existing',
    clusterToken: 't',
    autoCompaction: { mode: 'periodic', retentionMs: 3_600_000 },
    ignored: [/^--logger/],
  });
  t.same([...read.initialCluster.keys()].sort(), ['a', 'b']);
});

t.test(
  'toSettings asks for client certificates where an authority is named, as etcd does',
  async (t) => {
    const files = ['--cert-file=c', '--key-file=k'];
    t.equal(settings(files).clientTls?.clientCertAuth, false);
    t.equal(settings([...files, '--trusted-ca-file=ca']).clientTls?.clientCertAuth, true);
    t.match(settings([...files, '--trusted-ca-file=ca', '--client-cert-allowed-hostname=a,b']), {
      clientTls: { allowedHosts: ['a', 'b'], allowedNames: [], minVersion: 'TLSv1.2' },
      peerTls: null,
    });
    t.match(settings(['--peer-auto-tls', '--tls-max-version=TLS1.3']), {
      clientTls: null,
      peerTls: { pair: null, clientCertAuth: false, maxVersion: 'TLSv1.3', validityYears: 1 },
    });
  },
);

t.test('toSettings has etcd defaults', async (t) => {
  t.equal(settings(['--tls-min-version=TLS1.2', '--unsafe-no-fsync=false']).name, 'default');
  t.match(settings([]), {
    name: 'default',
    dataDir: 'default.etcd',
    listenClientUrls: ['http://localhost:2379'],
    advertisePeerUrls: ['http://localhost:2380'],
    limits: {
      heartbeatMs: 100,
      electionMs: 1000,
      requestTimeoutMs: 7000,
      requestBytesMax: 1_572_864,
    },
    autoCompaction: null,
    ignored: [],
  });
});

t.test('toSettings refuses what makes no sense, and says what to do', async (t) => {
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [['--no-such-flag'], /unknown option '--no-such-flag'.*--help/],
    [['--name'], /argument missing/],
    [['--name='], /--name must not be empty/],
    [['stray'], /too many arguments/],
    [['--election-timeout=abc'], /"abc" is not a whole number/],
    [['--election-timeout=400'], /at least as 5 times as --heartbeat-interval/],
    [['--election-timeout=60000'], /should be set less than 50000ms/],
    [['--heartbeat-interval=0'], /at least 1 ms/],
    [['--listen-peer-urls=localhost:2380'], /--listen-peer-urls: /],
    [['--listen-peer-urls=http://localhost'], /--listen-peer-urls: /],
    [['--listen-client-urls=http://127.0.0.1:1'], /--advertise-client-urls is required/],
    [['--initial-cluster=other=http://localhost:2380'], /has no member named "default"/],
    [['--initial-cluster=default=http://localhost:9'], /make them the same/],
    [['--initial-cluster-state=old'], /"old" is not one of new, existing/],
    [['--cert-file=a'], /go together/],
    [['--client-cert-auth'], /needs --cert-file/],
    [['--auto-compaction-retention=soon'], /not a duration/],
    [
      ['--auto-compaction-mode=revision', '--auto-compaction-retention=1h'],
      /not a count of revisions/,
    ],
    [['--unsafe-no-fsync'], /every acknowledged write is synced/],
    [['--auto-tls', '--tls-min-version=TLS1.1'], /"TLS1.1" is not spoken; give TLS1.2 or TLS1.3/],
    [
      ['--auto-tls', '--tls-min-version=TLS1.3', '--tls-max-version=TLS1.2'],
      /min version \(TLS1.3\) is greater than max version \(TLS1.2\)/,
    ],
    [['--auto-tls', '--cipher-suites=x'], /unexpected TLS cipher suite "x"/],
    [
      ['--auto-tls', '--tls-min-version=TLS1.3', '--cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA'],
      /cipher suites cannot be configured when only TLS1.3 is enabled/,
    ],
    [['--auto-tls', '--client-crl-file=x'], /needs --trusted-ca-file/],
    [['--peer-auto-tls', '--peer-cert-allowed-cn=x'], /needs --peer-trusted-ca-file/],
    [
      [
        '--peer-auto-tls',
        '--peer-trusted-ca-file=x',
        '--peer-cert-allowed-cn=x',
        '--peer-cert-allowed-hostname=x',
      ],
      /exclude each other/,
    ],
    [
      ['--listen-metrics-urls=https://localhost:1'],
      /client TLS key\/cert \(--cert-file, --key-file\) must be provided for metrics secure url/,
    ],
    [
      ['--listen-client-urls=https://localhost:1', '--advertise-client-urls=https://localhost:1'],
      /must be provided for client url https:\/\/localhost:1 with HTTPS scheme/,
    ],
    [['--listen-peer-urls=https://localhost:1'], /--peer-key-file\) must be provided for peer url/],
    [['--discovery=http://x'], /--initial-cluster/],
    [['--grpc-keepalive-interval=fast'], /is not a duration/],
    [['--log-level=loud'], /is not one of/],
  ];
  for (const [argv, message] of table) {
    t.throws(() => settings(argv), { name: 'UsageError', message }, argv.join(' '));
  }
});

t.test('parseDurationMs reads durations as Go writes them', async (t) => {
  for (const [text, ms] of [
    ['0', 0],
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['', undefined],
    ['5', undefined],
    ['5x', undefined],
    ['-5s', undefined],
  ] as const) {
    t.equal(parseDurationMs(text), ms, text);
  }
});

t.test('storeHelp lists the flags that do something', async (t) => {
  const help = storeHelp();
  t.match(help, /--initial-cluster-token/);
  t.match(help, /--election-timeout .*\(default: 1000\)/);
  t.notMatch(help, /--proxy-dial-timeout/);
});

t.test('toSettings reads who may use HTTP, and where it is served', async (t) => {
  const plain = settings([]);
  t.same(plain.listenClientHttpUrls, []);
  t.same([...plain.httpAccess.origins, ...plain.httpAccess.hosts], ['*', '*']);
  t.equal(plain.hasGateway, true);
  t.equal(plain.forceNewCluster, false);
  const chosen = settings([
    '--listen-client-http-urls=http://127.0.0.1:8080,http://[::1]:8080',
    '--cors=http://a.example, http://b.example',
    '--host-whitelist=localhost',
    '--enable-grpc-gateway=false',
    '--force-new-cluster',
  ]);
  t.same(chosen.listenClientHttpUrls, ['http://127.0.0.1:8080', 'http://[::1]:8080']);
  t.same([...chosen.httpAccess.origins], ['http://a.example', 'http://b.example']);
  t.same([...chosen.httpAccess.hosts], ['localhost']);
  t.equal(chosen.hasGateway, false);
  t.equal(chosen.forceNewCluster, true);
  t.throws(() => settings(['--listen-client-http-urls=https://127.0.0.1:8080']), {
    name: 'UsageError',
    message: /must be provided for client url https:\/\/127.0.0.1:8080 with HTTPS scheme/,
  });
});
