import t from 'tap';
import { parse } from 'yaml';
import { parseFlags } from '../../../src/cmd/program/flags.js';
import { proxyFlags } from '../../../src/cmd/proxy/flags.js';
import { proxySettings, withConfiguration } from '../../../src/cmd/proxy/settings.js';
import { configurationOf } from '../../../src/cmd/proxy/write-config.js';

const flagsOf = (words: readonly string[]) => parseFlags('flotilla proxy', proxyFlags, words);
const settingsOf = (words: readonly string[], isRoot = true) =>
  proxySettings(flagsOf(words), isRoot);
const documentOf = (text: string) =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${text}`;

t.test('proxySettings: what is not said', async (t) => {
  t.match(settingsOf([]), {
    ...{ mode: 'nftables', syncPeriodMs: 30_000, minSyncPeriodMs: 1000, keepsPodNetwork: false },
    proxy: { nodePortAddresses: ['primary'], localDetection: { mode: 'ClusterCIDR' } },
    ipvs: { scheduler: 'rr' },
  });
  t.equal(settingsOf([], false).mode, 'userspace', 'what needs no root');
});

t.test('proxySettings: what flags say', async (t) => {
  t.match(settingsOf(['--proxy-mode=ipvs', '--ipvs-scheduler=sh', '--ipvs-tcp-timeout=15m']), {
    ...{ mode: 'ipvs', ipvs: { scheduler: 'sh', tcpTimeoutSeconds: 900, strictArp: false } },
    proxy: { nodePortAddresses: [] },
  });
  t.match(settingsOf(['--proxy-mode=iptables', '--iptables-sync-period=5s']), {
    syncPeriodMs: 5000,
  });
  t.match(
    settingsOf(['--detect-local-mode=InterfaceNamePrefix', '--pod-interface-name-prefix=veth']),
    {
      proxy: { localDetection: { mode: 'InterfaceNamePrefix', name: 'veth' } },
    },
  );
});

const refusals: readonly (readonly [
  words: readonly string[],
  message: RegExp,
  isRoot?: boolean,
])[] = [
  [['--proxy-mode=kernelspace'], /none of nftables, iptables, ipvs, userspace/],
  [['--proxy-mode=nftables'], /run it as root, or give --proxy-mode=userspace/, false],
  [['--pod-network'], /run it as root/, false],
  [['--ipvs-scheduler=fair'], /"fair" is none of rr, wrr/],
  [['--ipvs-exclude-cidrs=10.0.0.1'], /is no CIDR/],
  [['--cluster-cidr=10.0.0.0'], /is no CIDR/],
  [['--detect-local-mode=Guess'], /none of ClusterCIDR, NodeCIDR/],
  [['--detect-local-mode=BridgeInterface'], /needs --pod-bridge-interface/],
  [
    ['--detect-local-mode=InterfaceNamePrefix', '--pod-interface-name-prefix=a"b'],
    /needs --pod-interface-name-prefix/,
  ],
  [['--nodeport-addresses=primary,10.0.0.0/8'], /goes with nothing else/],
  [['--iptables-masquerade-bit=32'], /give 0 to 31/],
  [['--udp-timeout=0s'], /more than 0/],
  [['--sync-period=0s'], /more than 0/],
  [['--healthz-bind-address=here'], /is no address/],
];
for (const [words, message, isRoot = true] of refusals) {
  t.test(`proxySettings refuses ${words.join(' ')}${isRoot ? '' : ' without root'}`, async (t) => {
    t.throws(() => settingsOf(words, isRoot), { name: 'UsageError', message });
  });
}

t.test('withConfiguration reads the section of the mode, and flags win', async (t) => {
  const text = documentOf(
    'mode: ipvs\nipvs: { scheduler: lc, syncPeriod: 7s, excludeCIDRs: [10.9.0.0/16] }\niptables: { syncPeriod: 9s }\n',
  );
  const settings = proxySettings(withConfiguration(flagsOf(['--ipvs-scheduler=nq']), text), true);
  t.match(settings, {
    ...{ mode: 'ipvs', syncPeriodMs: 7000 },
    ipvs: { scheduler: 'nq', excludeCidrs: ['10.9.0.0/16'] },
  });
  t.throws(() => withConfiguration(flagsOf([]), documentOf('modus: ipvs\n')), {
    message: /unknown field "modus"/,
  });
});

t.test('configurationOf writes what withConfiguration reads', async (t) => {
  const words = [
    ...['--proxy-mode=iptables', '--cluster-cidr=10.244.0.0/16,fd00:244::/48'],
    ...['--nodeport-addresses=192.0.2.0/24,198.51.100.0/24', '--masquerade-all'],
    ...['--iptables-masquerade-bit=7', '--iptables-sync-period=1m', '--kube-api-qps=7.5'],
    ...['--conntrack-min=5', '--feature-gates=A=true,B=false', '--hostname-override=n1'],
  ];
  const text = configurationOf(flagsOf(words));
  t.same(proxySettings(withConfiguration(flagsOf([]), text), true), settingsOf(words));
  t.match(parse(text), {
    ...{ mode: 'iptables', nodePortAddresses: ['192.0.2.0/24', '198.51.100.0/24'] },
    ...{ clusterCIDR: '10.244.0.0/16,fd00:244::/48', featureGates: { A: true, B: false } },
    iptables: { masqueradeAll: true, masqueradeBit: 7, syncPeriod: '1m' },
    conntrack: { min: 5 },
    clientConnection: { qps: 7.5 },
  });
  t.equal(configurationOf(withConfiguration(flagsOf([]), text)), text);
});
