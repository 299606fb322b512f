import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { AuditLog, type AuditTarget } from '../../../../src/control/apiserver/audit/audit-log.js';
import {
  AuditPolicy,
  AuditPolicyError,
} from '../../../../src/control/apiserver/audit/audit-policy.js';
import { LogBackend } from '../../../../src/control/apiserver/audit/log-backend.js';
import { Exchange } from '../../../../src/control/apiserver/exchange.js';
import { notFound } from '../../../../src/control/machinery/status-errors.js';
import { RotatingFile } from '../../../../src/host/rotating-file.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { user } from '../authorization/request.js';

const policy = AuditPolicy.parse(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [system:kube-proxy]
    verbs: [watch]
    resources: [{ group: '', resources: [endpoints, services] }]
  - level: None
    nonResourceURLs: ['/healthz*', /version]
  - level: Metadata
    resources: [{ group: '', resources: [secrets, configmaps, tokenreviews] }]
  - level: Request
    namespaces: [kube-system]
    omitManagedFields: true
    userGroups: [ops]
  - level: RequestResponse
    resources: [{ group: apps, resources: ['*'], resourceNames: [web] }, { group: '', resources: [pods/exec, '*/status'] }]
    omitStages: [ResponseStarted]
  - level: Metadata
    verbs: [get, list]
`);

function exchange(method: string, path: string, query = ''): Exchange {
  const request = {
    method,
    path,
    query,
    headers: new Map([
      ['user-agent', 'kubectl/1.36'],
      ['x-forwarded-for', '1.2.3.4'],
    ]),
    authority: '',
    protocol: 'HTTP/1.1' as const,
    isTls: true,
    remoteAddress: '[::1]:5000',
    peerCertificates: [],
    signal: new AbortController().signal,
    body: (async function* () {})(),
  };
  const response = { isStarted: false, start() {}, write: () => undefined, end() {} };
  return new Exchange(request, response, {
    auditId: 'audit-1',
    nowMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  });
}

/** A target that takes lines. */
function into(write: (line: string) => void): AuditTarget {
  const file = { write, flush: () => true };
  const backend = new LogBackend(file, { lineOf: ({ json }) => json, isStrict: false });
  return { backend, isStrict: false };
}

t.test('AuditPolicy takes the first rule that matches', async (t) => {
  const jane = user('jane');
  const cases: readonly [string, string, string, ReturnType<typeof user>, string][] = [
    ['GET', '/api/v1/services', 'watch=true', user('system:kube-proxy'), 'None'],
    ['GET', '/api/v1/services', 'watch=true', jane, 'None'],
    ['GET', '/api/v1/services', '', user('system:kube-proxy'), 'Metadata'],
    ['GET', '/healthz/etcd', '', jane, 'None'],
    ['GET', '/versions', '', jane, 'Metadata'],
    ['POST', '/api/v1/namespaces/n/secrets', '', jane, 'Metadata'],
    ['POST', '/api/v1/namespaces/kube-system/pods', '', user('joe', 'ops'), 'Request'],
    ['POST', '/api/v1/namespaces/kube-system/pods', '', jane, 'None'],
    ['PUT', '/apis/apps/v1/namespaces/n/deployments/web', '', jane, 'RequestResponse'],
    ['PUT', '/apis/apps/v1/namespaces/n/deployments/db', '', jane, 'None'],
    ['POST', '/api/v1/namespaces/n/pods/p/exec', '', jane, 'RequestResponse'],
    ['PUT', '/api/v1/nodes/n/status', '', jane, 'RequestResponse'],
    ['DELETE', '/api/v1/nodes/n', '', jane, 'None'],
  ];
  for (const [method, path, query, who, level] of cases)
    t.equal(
      policy.decide(who, exchange(method, path, query).info).level,
      level,
      `${method} ${path} ${who.name}`,
    );
});

t.test('AuditPolicy refuses what it cannot follow', async (t) => {
  const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
  const cases: readonly [string, RegExp][] = [
    ['kind: Policy', /no Policy of audit\.k8s\.io\/v1/],
    [head, /at least one rule is required/],
    [
      `${head}rules: [{ level: All }]`,
      /rules\[0\]\.level: "All" is none of None, Metadata, Request, RequestResponse/,
    ],
    [`${head}omitStages: [Never]\nrules: [{ level: None }]`, /"Never" is no stage/],
    [
      `${head}rules: [{ level: None, nonResourceURLs: [/x], namespaces: [n] }]`,
      /cannot apply to both/,
    ],
    [`${head}rules: [{ level: None, users: 7 }]`, /a list of texts is required/],
  ];
  for (const [text, error] of cases) {
    t.throws(() => AuditPolicy.parse(text), error);
    t.throws(() => AuditPolicy.parse(text), AuditPolicyError);
  }
});

t.test('AuditLog writes events as Kubernetes does', async (t) => {
  const lines: string[] = [];
  const log = new AuditLog(policy, [into((line) => lines.push(line))], {
    clock: new ManualClock(),
  });
  const request = exchange('PUT', '/apis/apps/v1/namespaces/n/deployments/web', 'dryRun=All');
  request.user = user('jane', 'dev');
  await log.onRequest(request);
  t.equal(lines.length, 0, 'the stage is left out');
  request.impersonator = user('admin');
  log.annotate(request, 'authorization.k8s.io/decision', 'allow');
  log.annotate(request, 'authorization.k8s.io/decision', 'forbid');
  log.setRequestObject(request, { metadata: { name: 'web' } });
  log.setResponseObject(request, { metadata: { name: 'web', uid: 'u' } });
  request.start(200, {});
  log.onResponseStarted(request);
  t.equal(lines.length, 0);
  await log.onResponseComplete(request, null);
  t.same(JSON.parse(lines[0] ?? ''), {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: 'audit-1',
    stage: 'ResponseComplete',
    requestURI: '/apis/apps/v1/namespaces/n/deployments/web?dryRun=All',
    verb: 'update',
    user: { username: 'admin' },
    impersonatedUser: { username: 'jane', groups: ['dev'] },
    sourceIPs: ['1.2.3.4', '::1'],
    userAgent: 'kubectl/1.36',
    objectRef: {
      resource: 'deployments',
      namespace: 'n',
      name: 'web',
      apiGroup: 'apps',
      apiVersion: 'v1',
    },
    responseStatus: { metadata: {}, code: 200 },
    requestObject: { metadata: { name: 'web' } },
    responseObject: { metadata: { name: 'web', uid: 'u' } },
    requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
    stageTimestamp: '1970-01-01T00:16:40.000000Z',
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  });
});

t.test('AuditLog keeps bodies out of events of level Metadata, and tells failures', async (t) => {
  const lines: string[] = [];
  const log = new AuditLog(policy, [into((line) => lines.push(line))], {
    clock: new ManualClock(),
  });
  const request = exchange('GET', '/api/v1/namespaces/n/secrets/s');
  request.user = user('jane');
  await log.onRequest(request);
  log.setRequestObject(request, { metadata: { name: 'never' } });
  log.setResponseObject(request, { metadata: { name: 'never' } });
  await log.onResponseComplete(request, notFound({ group: '', resource: 'secrets' }, 's'));
  t.equal(lines.length, 1);
  t.notMatch(lines[0], /never/);
  t.match(JSON.parse(lines[0] ?? ''), {
    responseStatus: { code: 404, reason: 'NotFound', message: 'secrets "s" not found' },
  });
  const ignored = exchange('DELETE', '/api/v1/nodes/n');
  ignored.user = user('jane');
  await log.onRequest(ignored);
  await log.onResponseComplete(ignored, null);
  t.equal(lines.length, 1);
});

t.test(
  'RotatingFile begins anew when it is full, and keeps as many files as it should',
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'flotilla-audit-'));
    t.teardown(() => rmSync(dir, { recursive: true }));
    const path = join(dir, 'audit.log');
    const errors: unknown[] = [];
    const file = new RotatingFile(
      path,
      { bytesMax: 20, backupsMax: 2, daysMax: 1, isCompressed: false },
      (error) => errors.push(error),
    );
    for (let line = 0; line < 6; line++) {
      file.write(`line-${line}-xxxxxx`);
      file.flush();
    }
    file.close();
    t.equal(readFileSync(path, 'utf8'), 'line-5-xxxxxx\n');
    const backups = readdirSync(dir)
      .filter((name) => name !== 'audit.log')
      .sort();
    t.equal(backups.length, 2);
    t.same(
      backups.map((name) => readFileSync(join(dir, name), 'utf8')),
      ['line-3-xxxxxx\n', 'line-4-xxxxxx\n'],
    );
    const again = new RotatingFile(
      path,
      { bytesMax: 0, backupsMax: 0, daysMax: 0, isCompressed: false },
      (error) => errors.push(error),
    );
    again.write('more');
    again.close();
    t.equal(readFileSync(path, 'utf8'), 'line-5-xxxxxx\nmore\n', 'what is there stays');
    t.same(errors, []);
  },
);
