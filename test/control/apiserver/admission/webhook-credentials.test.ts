import t from 'tap';
import {
  WebhookCredentials,
  WebhookCredentialsError,
} from '../../../../src/control/apiserver/admission/webhooks/webhook-credentials.js';

const kubeconfig = (users: object, more: object = {}) =>
  JSON.stringify({
    users: Object.entries(users).map(([name, user]) => ({ name, user })),
    ...more,
  });
const noFile = async (path: string): Promise<string> => {
  throw new Error(`${path} was read`);
};

t.test('WebhookCredentials are those of the name that fits a server best', async (t) => {
  const users = {
    'hook.n.svc': { token: 'exact' },
    'hook.n.svc:8443': { token: 'port' },
    '*.n.svc': { token: 'namespace' },
    '*.example.com': { token: 'domain' },
    '*.a.example.com:9443': { token: 'longer' },
    '*': { username: 'u', password: 'p' },
  };
  const all = await WebhookCredentials.parse(kubeconfig(users), noFile);
  const cases: readonly [string, string][] = [
    ['hook.n.svc:443', 'Bearer exact'],
    ['hook.n.svc:8443', 'Bearer port'],
    ['other.n.svc:443', 'Bearer namespace'],
    ['other.n.svc:8443', 'Basic dTpw'],
    ['x.example.com', 'Bearer domain'],
    ['x.a.example.com:443', 'Bearer domain'],
    ['x.a.example.com:9443', 'Bearer longer'],
    ['example.com', 'Basic dTpw'],
  ];
  for (const [server, authorization] of cases) t.equal(all.of(server).authorization, authorization);
  t.equal(WebhookCredentials.none.of('x').authorization, '');
});

t.test('WebhookCredentials are read from the kubeconfig and its files', async (t) => {
  const data = (text: string) => Buffer.from(text).toString('base64');
  const all = await WebhookCredentials.parse(
    kubeconfig(
      {
        me: { 'client-certificate': 'cert.pem', 'client-key-data': data('KEY') },
        filed: { tokenFile: 'token' },
      },
      { 'current-context': 'c', contexts: [{ name: 'c', context: { user: 'me' } }] },
    ),
    async (path) => `text of ${path}\n`,
  );
  t.same(all.of('anything:443'), {
    certificatePem: 'text of cert.pem\n',
    keyPem: 'KEY',
    authorization: '',
  });
  t.equal(all.of('filed').authorization, 'Bearer text of token');
});

t.test('WebhookCredentials refuse what cannot be shown to a server', async (t) => {
  const cases: readonly [string, RegExp][] = [
    ['{', /no YAML/],
    ['7', /an object is required/],
    ['users: 7', /users of the kubeconfig: a list is required/],
    [kubeconfig({ a: { exec: { command: 'x' } } }), /the user "a" of the kubeconfig has exec/],
    [kubeconfig({ a: { as: 'root' } }), /has as: give a certificate, a token/],
  ];
  for (const [text, message] of cases) {
    await t.rejects(WebhookCredentials.parse(text, noFile), message);
    await t.rejects(WebhookCredentials.parse(text, noFile), WebhookCredentialsError);
  }
});
