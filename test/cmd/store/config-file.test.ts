import t from 'tap';
import { parseConfigFile } from '../../../src/cmd/store/config-file.js';
import { toSettings } from '../../../src/cmd/store/settings.js';

const settings = (text: string) => toSettings(parseConfigFile('etcd.yml', text));

t.test('parseConfigFile reads the sections and lists of etcd as flags', async (t) => {
  const read = settings(`
# A comment.
name: 'a'
data-dir:
snapshot-count: 5000
initial-cluster: a=https://localhost:2380
initial-advertise-peer-urls: https://localhost:2380
listen-peer-urls: https://localhost:2380
strict-reconfig-check: false
enable-v2: true
client-transport-security:
  cert-file: c.crt
  key-file: c.key
  client-cert-auth: true
  trusted-ca-file: ca.crt
peer-transport-security:
  auto-tls: true
  cert-file:
  trusted-ca-file: peer-ca.crt
  allowed-cn: x,y
log-level: debug
log-outputs: [stderr, stdout]
auto-compaction-retention: "1"
`);
  t.match(read, {
    name: 'a',
    dataDir: 'a.etcd',
    limits: { strictReconfigCheck: false, syncAfterEntries: 5000 },
    clientTls: { pair: { certFile: 'c.crt', keyFile: 'c.key' }, caFile: 'ca.crt' },
    peerTls: { pair: null, allowedNames: ['x', 'y'], caFile: 'peer-ca.crt' },
    logLevel: 'debug',
    logToStdout: true,
    autoCompaction: { mode: 'periodic', retentionMs: 3_600_000 },
    deprecated: ['enable-v2'],
  });
});

t.test('parseConfigFile reads JSON, and nothing at all', async (t) => {
  t.equal(settings('{"name": "b", "max-txn-ops": 7}').limits.txnOpsMax, 7);
  t.equal(settings('').name, 'default');
});

t.test('parseConfigFile refuses what it does not know, and says where', async (t) => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['nonsense: 1', /--config-file=etcd.yml: nonsense is not known/],
    ['client-transport-security: {nonsense: 1}', /client-transport-security.nonsense is not known/],
    ['name: {a: 1}', /the value of name is neither text, a number nor a list/],
    ['[1, 2]', /holds no settings/],
    ['just text', /holds no settings/],
    ['a: b: c', /--config-file=etcd.yml: /],
    ['max-txn-ops: many', /"many" is not a whole number/],
    ['unsafe-no-fsync: true', /every acknowledged write is synced/],
  ];
  for (const [text, message] of table) {
    t.throws(() => settings(text), { name: 'UsageError', message }, text);
  }
});
