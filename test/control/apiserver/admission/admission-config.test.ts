import t from 'tap';
import {
  AdmissionConfigError,
  readAdmissionConfig,
} from '../../../../src/control/apiserver/admission/admission-config.js';

const noFile = () => Promise.reject(new Error('no such file'));
const head = 'kind: AdmissionConfiguration\nplugins:\n';

t.test('readAdmissionConfig reads what plugins are configured with', async (t) => {
  const files: Record<string, string> = {
    'selector.yaml':
      'podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: "a=b", team: "x=1, y=2" }',
  };
  const options = await readAdmissionConfig(
    `${head}
  - name: PodSecurity
    configuration:
      defaults: { enforce: baseline, enforce-version: v1.30, warn: restricted }
      exemptions: { namespaces: [kube-system], usernames: [root] }
  - { name: PodNodeSelector, path: selector.yaml }
  - name: EventRateLimit
    configuration: { limits: [{ type: User, qps: 5, burst: 10 }] }
  - name: ResourceQuota
    configuration:
      limitedResources:
        - resource: pods
          matchScopes: [{ scopeName: PriorityClass, operator: In, values: [high] }]
        - { apiGroup: apps, resource: deployments, matchContains: [count] }
  - { name: ValidatingAdmissionWebhook, configuration: { kubeConfigFile: /etc/hooks } }
`,
    async (path) => files[path] ?? '',
  );
  t.same(options, {
    podSecurity: {
      defaults: {
        enforce: { level: 'baseline', version: 30 },
        audit: { level: 'privileged', version: 'latest' },
        warn: { level: 'restricted', version: 'latest' },
      },
      exemptUsernames: ['root'],
      exemptNamespaces: ['kube-system'],
      exemptRuntimeClasses: [],
    },
    podNodeSelector: { clusterDefault: { a: 'b' }, allowed: { team: { x: '1', y: '2' } } },
    eventRateLimit: { limits: [{ type: 'User', qps: 5, burst: 10, cacheSize: 4096 }] },
    limitedResources: [
      {
        ...{ group: '', resource: 'pods', matchContains: [] },
        matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
      },
      { group: 'apps', resource: 'deployments', matchContains: ['count'], matchScopes: [] },
    ],
    validatingWebhooksFile: '/etc/hooks',
  });
});

t.test('readAdmissionConfig refuses what it cannot follow', async (t) => {
  const cases: readonly [string, RegExp][] = [
    ['{', /no YAML/],
    ['kind: Pod', /no AdmissionConfiguration/],
    [
      `${head}  - { name: LimitRanger, configuration: {} }`,
      /"LimitRanger" takes no configuration here/,
    ],
    [
      `${head}  - { name: PodSecurity, configuration: { defaults: { enforce: hard } } }`,
      /defaults\.enforce: Invalid value: "hard": must be one of privileged, baseline, restricted/,
    ],
    [
      `${head}  - { name: PodSecurity, configuration: { defaults: { warn-version: "1.30" } } }`,
      /must be "latest" or "v1\.x"/,
    ],
    [
      `${head}  - { name: EventRateLimit, configuration: { limits: [{ type: All, qps: 1, burst: 1 }] } }`,
      /limits\[0\]\.type: Unsupported value: "All"/,
    ],
    [
      `${head}  - { name: EventRateLimit, configuration: { limits: [{ type: User, qps: 0, burst: 1 }] } }`,
      /limits\[0\]\.qps: Invalid value: 0: must be positive/,
    ],
    [
      `${head}  - { name: PodNodeSelector, configuration: { podNodeSelectorPluginConfig: { a: b } } }`,
      /no selector of key=value pairs/,
    ],
    [
      `${head}  - { name: MutatingAdmissionWebhook, configuration: { kubeConfigFile: hooks } }`,
      /kubeConfigFile must be an absolute file path, but "hooks" is not/,
    ],
    [
      `${head}  - { name: ResourceQuota, configuration: { limitedResources: [{ apiGroup: x }] } }`,
      /limitedResources\[0\]\.resource: Required value/,
    ],
    [
      `${head}  - { name: ResourceQuota, configuration: { limitedResources: [{ resource: x, matchScopes: [{ scopeName: s, operator: Is }] }] } }`,
      /limitedResources\[0\]\.matchScopes\[0\]\.operator: Unsupported value: "Is": supported values: "In", "NotIn", "Exists", "DoesNotExist"/,
    ],
  ];
  for (const [text, error] of cases) {
    await t.rejects(readAdmissionConfig(text, noFile), error);
    await t.rejects(readAdmissionConfig(text, noFile), AdmissionConfigError);
  }
  await t.rejects(
    readAdmissionConfig(`${head}  - { name: PodSecurity, path: gone }`, noFile),
    /no such file/,
  );
});
