import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseConfiguration } from '../../../../src/control/scheduler/config/parse-configuration.js';
import { defaultConfiguration } from '../../../../src/control/scheduler/config/scheduler-configuration.js';
import { ConfigurationError } from '../../../../src/control/scheduler/framework/configuration-error.js';

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

t.test('parseConfiguration fills in what a document leaves out', (t) => {
  t.same(parseConfiguration(head), defaultConfiguration());
  t.same(parseConfiguration(`${head}profiles: [{}]`), defaultConfiguration());
  t.end();
});

t.test('parseConfiguration reads everything that a document may have', (t) => {
  const configuration = parseConfiguration(`${head}
parallelism: 16
percentageOfNodesToScore: 30
podInitialBackoffSeconds: 2
podMaxBackoffSeconds: 20
enableProfiling: true
leaderElection: { leaderElect: false, leaseDuration: 20s, resourceName: mine }
clientConnection: { kubeconfig: /etc/k, qps: 100.5, burst: 200, contentType: application/json }
pluginModules: [./a.js, '@example/b']
profiles:
- schedulerName: one
  percentageOfNodesToScore: 10
  plugins:
    multiPoint: { enabled: [{ name: A, weight: 3 }], disabled: [{ name: '*' }] }
    score: { disabled: [{ name: B }] }
  pluginConfig: [{ name: A, args: { x: 1 } }]
- schedulerName: two
`);
  t.match(configuration, {
    ...{ percentageOfNodesToScore: 30, podInitialBackoffSeconds: 2, podMaxBackoffSeconds: 20 },
    leaderElection: { leaderElect: false, leaseDuration: '20s', resourceName: 'mine' },
    clientConnection: { kubeconfig: '/etc/k', qps: 100.5, burst: 200 },
    pluginModules: ['./a.js', '@example/b'],
  });
  const [one, two] = configuration.profiles;
  t.same(one?.plugins, {
    multiPoint: { enabled: [{ name: 'A', weight: 3 }], disabled: ['*'] },
    score: { enabled: [], disabled: ['B'] },
  });
  t.same([...(one?.pluginArguments ?? [])], [['A', { x: 1 }]]);
  t.match([one?.percentageOfNodesToScore, two?.percentageOfNodesToScore], [10, null]);
  t.equal(two?.schedulerName, 'two');
  t.end();
});

const refused: readonly (readonly [title: string, document: string, message: string | RegExp])[] = [
  ['no YAML', 'a: [', /^the file is not YAML: /],
  ['nothing', '', /^no kind "" is registered for version ""/],
  [
    'another version',
    'apiVersion: kubescheduler.config.k8s.io/v1beta2\nkind: KubeSchedulerConfiguration',
    /^no kind "KubeSchedulerConfiguration" is registered for version "kubescheduler.config.k8s.io\/v1beta2"/,
  ],
  [
    'unknown fields',
    `${head}profile: []\nprofiles: [{ plugins: { scores: {} } }]`,
    'strict decoding error: unknown field "profile", unknown field "profiles[0].plugins.scores"',
  ],
  [
    'parallelism',
    `${head}parallelism: 0`,
    'parallelism: Invalid value: 0: should be an integer value greater than zero',
  ],
  [
    'a percentage',
    `${head}percentageOfNodesToScore: 101`,
    'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]',
  ],
  [
    'a percentage of a profile',
    `${head}profiles: [{ percentageOfNodesToScore: -1 }]`,
    'profiles[0].percentageOfNodesToScore: Invalid value: -1: not in valid range [0-100]',
  ],
  [
    'no first pause',
    `${head}podInitialBackoffSeconds: 0`,
    'podInitialBackoffSeconds: Invalid value: 0: must be greater than 0',
  ],
  [
    'pauses that shrink',
    `${head}podInitialBackoffSeconds: 20`,
    'podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds',
  ],
  [
    'two profiles of one name',
    `${head}profiles: [{ schedulerName: a }, { schedulerName: a }]`,
    'profiles[1].schedulerName: Duplicate value: "a"',
  ],
  [
    'a profile without a name',
    `${head}profiles: [{ schedulerName: a }, {}]`,
    'profiles[1].schedulerName: Required value',
  ],
  [
    'queues that differ',
    `${head}profiles: [{ schedulerName: a }, { schedulerName: b, plugins: { queueSort: { disabled: [{ name: '*' }] } } }]`,
    /profiles\[1\]\.plugins\.queueSort: Invalid value: .*has to match with the first profile$/,
  ],
  [
    'a plugin configured twice',
    `${head}profiles: [{ pluginConfig: [{ name: A }, { name: A }] }]`,
    'profiles[0].pluginConfig[1]: Duplicate value: "A"',
  ],
  [
    'a negative weight',
    `${head}profiles: [{ plugins: { score: { enabled: [{ name: A, weight: -1 }] } } }]`,
    'profiles[0].plugins.score.enabled[0].weight: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'an extender whose scores have no weight',
    `${head}extenders: [{ urlPrefix: http://x, prioritizeVerb: score }]`,
    'extenders[0].weight: Invalid value: 0: must have a positive weight applied to it',
  ],
  [
    'two extenders that bind',
    `${head}extenders: [{ urlPrefix: http://x, bindVerb: b }, { urlPrefix: http://y, bindVerb: b }]`,
    'extenders: Invalid value: "found 2 extenders implementing bind": only one extender can implement bind',
  ],
  [
    'managed resources that are none, and one twice',
    `${head}extenders: [{ urlPrefix: http://x, managedResources: [{ name: cpu }, { name: a.b/c }, { name: a.b/c }] }]`,
    '[extenders[0].managedResources[0].name: Invalid value: "cpu": is an invalid extended resource name, ' +
      'extenders[0].managedResources[2].name: Invalid value: "a.b/c": duplicate extender managed resource name]',
  ],
  [
    'a time that is none',
    `${head}extenders: [{ urlPrefix: http://x, httpTimeout: soon }]`,
    'extenders[0].httpTimeout: Invalid value: "soon": time: invalid duration "soon"',
  ],
  ['a text for a number', `${head}percentageOfNodesToScore: all`, /must be an integer$/],
  ['an object for a list', `${head}profiles: {}`, /^profiles: Invalid value: .*must be a list$/],
];

t.test('parseConfiguration refuses, and says all that is wrong', (t) => {
  for (const [title, document, message] of refused) {
    t.throws(() => parseConfiguration(document), { name: 'ConfigurationError', message }, title);
    t.throws(() => parseConfiguration(document), ConfigurationError, title);
  }
  const both = () => parseConfiguration(`${head}parallelism: 0\npercentageOfNodesToScore: 101`);
  t.throws(both, { message: /^\[percentageOfNodesToScore: .*, parallelism: .*\]$/ });
  t.end();
});

t.test('the configuration of the example is one', (t) => {
  const text = readFileSync('examples/scheduler-plugin/scheduler.yaml', 'utf8');
  t.same(parseConfiguration(text).pluginModules, ['./prefer-label.js']);
  t.end();
});

t.test(
  'parseConfiguration fills in what extenders do not say, and what the scheduler does not count',
  (t) => {
    const { extenders, profiles } = parseConfiguration(`${head}
profiles: [{ pluginConfig: [{ name: NodeResourcesFit, args: { ignoredResources: [a.b/own] } }] }]
extenders:
- urlPrefix: https://x
  filterVerb: filter
  enableHTTPS: true
  httpTimeout: 1.5s
  tlsConfig: { caData: YQ==, serverName: y }
  managedResources: [{ name: a.b/c, ignoredByScheduler: true }, { name: a.b/d }]
- urlPrefix: http://z
`);
    const noTls = {
      ...{ insecure: false, serverName: '', certFile: '', keyFile: '', caFile: '' },
      ...{ certData: '', keyData: '', caData: '' },
    };
    const silent = { filterVerb: '', preemptVerb: '', prioritizeVerb: '', bindVerb: '', weight: 0 };
    t.same(extenders, [
      {
        ...{ ...silent, urlPrefix: 'https://x', filterVerb: 'filter', enableHttps: true },
        ...{ tls: { ...noTls, caData: 'YQ==', serverName: 'y' }, timeoutMs: 1500 },
        ...{ nodeCacheCapable: false, ignorable: false },
        managedResources: [
          { name: 'a.b/c', ignoredByScheduler: true },
          { name: 'a.b/d', ignoredByScheduler: false },
        ],
      },
      {
        ...{ ...silent, urlPrefix: 'http://z', enableHttps: false, tls: noTls, timeoutMs: 5000 },
        ...{ nodeCacheCapable: false, ignorable: false, managedResources: [] },
      },
    ]);
    t.same(profiles[0]?.pluginArguments.get('NodeResourcesFit'), {
      ignoredResources: ['a.b/own', 'a.b/c'],
    });
    t.end();
  },
);
