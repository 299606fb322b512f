import t from 'tap';
import type { RuleWithOperations } from '../../../../src/control/api/gen/admissionregistration-v1.js';
import {
  WebhookCaller,
  type WebhookPost,
} from '../../../../src/control/apiserver/admission/webhooks/webhook-caller.js';
import { matchesRule } from '../../../../src/control/apiserver/admission/webhooks/webhook-match.js';
import {
  mutatingAdmissionWebhook,
  validatingAdmissionWebhook,
} from '../../../../src/control/apiserver/admission/webhooks/webhook-plugins.js';
import type { AdmissionPlugin } from '../../../../src/control/apiserver/contracts.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { WebClientError } from '../../../../src/rpc/web-errors.js';
import { AdmissionWorld, admit } from './world.js';

const everything: RuleWithOperations = {
  operations: ['*'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources: ['*/*'],
};

interface Asked {
  readonly url: string;
  readonly serverName: string;
  readonly timeoutMs: number;
  readonly request: Record<string, unknown> & { uid: string };
}

/** Webhooks by name, with what each answers. */
function world(
  kind: 'mutating' | 'validating',
  webhooks: Record<string, object>,
  answers: Record<string, (asked: Asked) => object | Error>,
) {
  const made = new AdmissionWorld().have('/namespaces', {
    metadata: { name: 'n', labels: { team: 'a' } },
  });
  const asked: Asked[] = [];
  made.have(`admissionregistration.k8s.io/${kind}webhookconfigurations`, {
    metadata: { name: 'config' },
    webhooks: Object.entries(webhooks).map(([name, more]) => ({
      name,
      clientConfig: { url: `https://${name}.test/hook` },
      rules: [everything],
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      ...more,
    })),
  });
  const post = async ({ url, body, serverName, timeoutMs }: WebhookPost) => {
    const review = JSON.parse(Buffer.from(body).toString()) as { request: Asked['request'] };
    const question = { url, serverName, timeoutMs, request: review.request };
    asked.push(question);
    const name = new URL(url).hostname.split('.')[0] ?? '';
    const answer = (answers[name] ?? answers.default)?.(question);
    if (answer instanceof Error) throw answer;
    const response = { uid: review.request.uid, allowed: true, ...answer };
    const reply = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
    return { status: 200, body: Buffer.from(JSON.stringify(reply)) };
  };
  let count = 0;
  const caller = new WebhookCaller(made, post, () => `uid-${++count}`);
  return { made, asked, caller };
}

const patch = (...operations: object[]) => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const same = {
  normalize: (_: unknown, object: KubeObject) => object,
  inTree: [] as AdmissionPlugin[],
};
const pod = () => ({ metadata: { name: 'p', labels: { app: 'web' } }, spec: {} });

t.test('matchesRule reads rules as Kubernetes does', async (t) => {
  const it = new AdmissionWorld();
  const cases: readonly [Partial<RuleWithOperations>, string, boolean][] = [
    [{ resources: ['pods'] }, 'CREATE /pods n/', true],
    [{ resources: ['pods'] }, 'UPDATE /pods/status n/p', false],
    [{ resources: ['pods/*'] }, 'UPDATE /pods/status n/p', true],
    [{ resources: ['*'] }, 'UPDATE /pods/status n/p', false],
    [{ resources: ['*/status'] }, 'UPDATE apps/deployments/status n/d', true],
    [{ resources: ['*/*'], apiGroups: ['apps'] }, 'CREATE /pods n/', false],
    [{ resources: ['pods'], operations: ['UPDATE'] }, 'CREATE /pods n/', false],
    [{ resources: ['pods'], apiVersions: ['v2'] }, 'CREATE /pods n/', false],
    [{ resources: ['*/*'], scope: 'Namespaced' }, 'CREATE /nodes /', false],
    [{ resources: ['*/*'], scope: 'Cluster' }, 'CREATE /pods n/', false],
    [{ resources: ['*/*'], scope: 'Cluster' }, 'UPDATE /namespaces n/n', true],
  ];
  for (const [rule, what, isMatched] of cases)
    t.equal(
      matchesRule({ ...everything, ...rule }, it.request(what)),
      isMatched,
      `${JSON.stringify(rule)} ${what}`,
    );
});

t.test('webhooks are asked when their selectors match, and never about themselves', async (t) => {
  const cases: readonly [object, string, object, boolean][] = [
    [{}, 'CREATE /pods n/', pod(), true],
    [{ objectSelector: { matchLabels: { app: 'web' } } }, 'CREATE /pods n/', pod(), true],
    [{ objectSelector: { matchLabels: { app: 'db' } } }, 'CREATE /pods n/', pod(), false],
    [{ namespaceSelector: { matchLabels: { team: 'a' } } }, 'CREATE /pods n/', pod(), true],
    [{ namespaceSelector: { matchLabels: { team: 'b' } } }, 'CREATE /pods n/', pod(), false],
    [{ namespaceSelector: { matchLabels: { team: 'b' } } }, 'CREATE /nodes /', pod(), true],
    [{ namespaceSelector: { matchLabels: { app: 'web' } } }, 'CREATE /namespaces /', pod(), true],
    [{}, 'CREATE admissionregistration.k8s.io/validatingwebhookconfigurations /', pod(), false],
  ];
  for (const [webhook, what, object, isAsked] of cases) {
    const { made, asked, caller } = world('validating', { a: webhook }, {});
    t.equal(
      await admit(validatingAdmissionWebhook(made, caller), made.request(what, { object })),
      null,
    );
    t.equal(asked.length, isAsked ? 1 : 0, `${JSON.stringify(webhook)} ${what}`);
  }
});

t.test('a webhook reads the whole request', async (t) => {
  const { made, asked, caller } = world(
    'validating',
    {
      a: {
        timeoutSeconds: 3,
        clientConfig: { service: { namespace: 'n', name: 'hook', path: '/x', port: 8443 } },
      },
    },
    {},
  );
  made.have('/services', {
    metadata: { namespace: 'n', name: 'hook' },
    spec: { clusterIP: '10.0.0.9' },
  });
  const request = made.request('UPDATE /pods n/p', { object: pod(), old: pod(), isDryRun: true });
  t.equal(await admit(validatingAdmissionWebhook(made, caller), request), null);
  t.match(asked, [
    {
      url: 'https://10.0.0.9:8443/x?timeout=3s',
      serverName: 'hook.n.svc',
      timeoutMs: 3000,
      request: {
        uid: 'uid-1',
        resource: { group: '', version: 'v1', resource: 'pods' },
        name: 'p',
        namespace: 'n',
        operation: 'UPDATE',
        userInfo: { username: 'jane' },
        object: { apiVersion: 'v1', metadata: { name: 'p' } },
        oldObject: { metadata: { name: 'p' } },
        dryRun: true,
      },
    },
  ]);
});

t.test('a validating webhook refuses in its own words, warns and annotates', async (t) => {
  const cases: readonly [object, string, number][] = [
    [{ allowed: false }, 'admission webhook "a" denied the request without explanation', 400],
    [
      { allowed: false, status: { message: 'no', code: 418 } },
      'admission webhook "a" denied the request: no',
      418,
    ],
    [
      { allowed: false, status: { reason: 'Forbidden', code: 200 } },
      'admission webhook "a" denied the request: Forbidden',
      400,
    ],
  ];
  for (const [answer, message, code] of cases) {
    const { made, caller } = world(
      'validating',
      { a: {} },
      { a: () => ({ ...answer, warnings: ['careful'], auditAnnotations: { key: 'value' } }) },
    );
    const plugin = validatingAdmissionWebhook(made, caller);
    const request = made.request('CREATE /pods n/', { object: pod() });
    await t.rejects(Promise.resolve(plugin.validate!(request)), { message, code });
    t.same(made.warnings, ['careful']);
    t.equal(made.annotations['a/key'], 'value');
  }
});

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

t.test('a webhook that fails is left out or refuses, as its policy says', async (t) => {
  const failures: readonly [string, object | Error, RegExp][] = [
    [
      'no answer',
      new WebClientError('connect', 'no', { cause: refused }),
      /failed to call webhook: Post "https:\/\/a\.test\/hook\?timeout=10s": dial tcp a\.test:443: connect: connection refused/,
    ],
    [
      'no answer in time',
      new WebClientError('timeout', 'no answer within 10000 ms'),
      /failed to call webhook: Post "https:\/\/a\.test\/hook\?timeout=10s": context deadline exceeded/,
    ],
    ['an answer that is too large', new Error('too large'), /hook\?timeout=10s": too large/],
    [
      'another uid',
      { uid: 'x' },
      /received invalid webhook response: expected response\.uid="uid-1", got "x"/,
    ],
    [
      'a patch of a validating webhook',
      patch({}),
      /validating webhook may not return response\.patch/,
    ],
  ];
  for (const [title, answer, text] of failures) {
    const fail = world('validating', { a: {} }, { a: () => answer });
    t.match(
      await admit(
        validatingAdmissionWebhook(fail.made, fail.caller),
        fail.made.request('CREATE /pods n/', { object: pod() }),
      ),
      text,
      title,
    );
    t.match(
      await admit(
        validatingAdmissionWebhook(fail.made, fail.caller),
        fail.made.request('CREATE /pods n/', { object: pod() }),
      ),
      /^Internal error occurred: failed calling webhook "a": /,
    );
    const ignore = world('validating', { a: { failurePolicy: 'Ignore' } }, { a: () => answer });
    t.equal(
      await admit(
        validatingAdmissionWebhook(ignore.made, ignore.caller),
        ignore.made.request('CREATE /pods n/', { object: pod() }),
      ),
      null,
      title,
    );
    t.equal(
      ignore.made.annotations['failed-open.validating.webhook.admission.k8s.io/round_0_index_0'],
      'a',
    );
  }
  const effects = world('validating', { a: { sideEffects: 'Some', failurePolicy: 'Ignore' } }, {});
  t.equal(
    await admit(
      validatingAdmissionWebhook(effects.made, effects.caller),
      effects.made.request('CREATE /pods n/', { object: pod(), isDryRun: true }),
    ),
    'admission webhook "a" does not support dry run',
  );
  const conditions = world(
    'validating',
    { a: { matchConditions: [{ name: 'c', expression: 'object.nothing' }] } },
    {},
  );
  t.match(
    await admit(
      validatingAdmissionWebhook(conditions.made, conditions.caller),
      conditions.made.request('CREATE /pods n/', { object: pod() }),
    ),
    /match conditions cannot be evaluated: no such key: nothing/,
  );
});

t.test(
  'mutating webhooks change the object in order, and those that want to see later changes are asked again',
  async (t) => {
    const { made, asked, caller } = world(
      'mutating',
      {
        first: { reinvocationPolicy: 'IfNeeded' },
        second: {},
        third: { reinvocationPolicy: 'IfNeeded' },
      },
      {
        first: ({ request }) => {
          const labels = ((request.object as KubeObject).metadata.labels ?? {}) as Record<
            string,
            string
          >;
          return labels.second === undefined
            ? {}
            : patch({ op: 'add', path: '/metadata/labels/seen', value: 'yes' });
        },
        second: () => patch({ op: 'add', path: '/metadata/labels/second', value: 'was-here' }),
        third: () => ({}),
      },
    );
    const object = pod();
    t.equal(
      await admit(
        mutatingAdmissionWebhook(made, caller, same),
        made.request('CREATE /pods n/', { object }),
      ),
      null,
    );
    t.same(object.metadata.labels, { app: 'web', second: 'was-here', seen: 'yes' });
    t.same(
      asked.map(({ url }) => new URL(url).hostname),
      ['first.test', 'second.test', 'third.test', 'first.test'],
    );
    t.equal(
      made.annotations['mutation.webhook.admission.k8s.io/round_0_index_1'],
      '{"configuration":"config","webhook":"second","mutated":true}',
    );
    t.equal(
      made.annotations['mutation.webhook.admission.k8s.io/round_1_index_0'],
      '{"configuration":"config","webhook":"first","mutated":true}',
    );
  },
);

t.test(
  'plugins look again at what a webhook changed, and what they change is shown to webhooks that want it',
  async (t) => {
    const inTree: AdmissionPlugin = {
      name: 'X',
      handles: () => true,
      mutate: ({ object }) => {
        object!.metadata.annotations = { fixed: 'yes' };
      },
    };
    const { made, asked, caller } = world(
      'mutating',
      { a: { reinvocationPolicy: 'IfNeeded' } },
      { a: () => patch({ op: 'replace', path: '/metadata/labels/app', value: 'x' }) },
    );
    const object = pod() as KubeObject;
    t.equal(
      await admit(
        mutatingAdmissionWebhook(made, caller, { ...same, inTree: [inTree] }),
        made.request('CREATE /pods n/', { object }),
      ),
      null,
    );
    t.same(object.metadata.annotations, { fixed: 'yes' });
    t.equal(asked.length, 2);
  },
);

t.test('patches that cannot be applied are refused', async (t) => {
  const cases: readonly [object, RegExp][] = [
    [patch({ op: 'remove', path: '/spec/none' }), /^Internal error occurred: /],
    [{ patch: 'e30=' }, /webhook returned response\.patch but not response\.patchType/],
    [{ patchType: 'JSONPatch' }, /webhook returned response\.patchType but not response\.patch/],
    [{ patchType: 'Other', patch: 'W10=' }, /unsupported patch type "Other"/],
    [{ patchType: 'JSONPatch', patch: 'e30=' }, /received undecodable patch/],
  ];
  for (const [answer, text] of cases) {
    const { made, caller } = world('mutating', { a: {} }, { a: () => answer });
    t.match(
      await admit(
        mutatingAdmissionWebhook(made, caller, same),
        made.request('CREATE /pods n/', { object: pod() }),
      ),
      text,
      JSON.stringify(answer),
    );
  }
  const { made, caller } = world(
    'mutating',
    { a: {} },
    { a: () => patch({ op: 'add', path: '/x', value: 1 }) },
  );
  t.match(
    await admit(
      mutatingAdmissionWebhook(made, caller, same),
      made.request('DELETE /pods n/p', { old: pod() }),
    ),
    /attempted to modify the object, which is not supported for this operation/,
  );
});
