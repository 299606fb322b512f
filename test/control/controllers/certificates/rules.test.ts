import t from 'tap';
import type { CertificateSigningRequest } from '../../../../src/control/api/gen/certificates-v1.js';
import { approvalsFor } from '../../../../src/control/controllers/certificate-approving/plan.js';
import { uselessFromMs } from '../../../../src/control/controllers/certificate-cleaner/plan.js';
import { signerProblem } from '../../../../src/control/controllers/certificate-signing/signer-rules.js';
import { validityFor } from '../../../../src/control/controllers/certificate-signing/validity.js';
import type { RequestedCertificate } from '../../../../src/host/certificate-signer.js';

const node: RequestedCertificate = {
  ...{ commonName: 'system:node:a', organizations: ['system:nodes'] },
  ...{ dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [] },
};
const served = { ...node, ipAddresses: ['192.0.2.1'] };
const [client, apiClient, serving, legacy] = [
  'kubernetes.io/kube-apiserver-client-kubelet',
  'kubernetes.io/kube-apiserver-client',
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/legacy-unknown',
];
const forClients = ['digital signature', 'key encipherment', 'client auth'];
const forServers = ['digital signature', 'key encipherment', 'server auth'];
const clientUsages = 'usages did not match [client auth digital signature key encipherment]';
const serverUsages = 'usages did not match [digital signature key encipherment server auth]';

type Case = [signer: string, given: RequestedCertificate, usages: string[], seen: string | null];
const cases: readonly Case[] = [
  [client, node, forClients, null],
  [client, node, ['digital signature', 'client auth'], null],
  [client, node, ['client auth'], clientUsages],
  [client, node, forServers, clientUsages],
  [client, { ...node, organizations: [] }, forClients, 'subject organization is not system:nodes'],
  [
    client,
    { ...node, organizations: ['system:nodes', 'x'] },
    forClients,
    'subject organization is not system:nodes',
  ],
  [
    client,
    { ...node, commonName: 'a' },
    forClients,
    'subject common name does not begin with system:node:',
  ],
  [client, { ...node, dnsNames: ['a'] }, forClients, 'DNS subjectAltNames are not allowed'],
  [
    client,
    { ...node, emailAddresses: ['a@b'] },
    forClients,
    'Email subjectAltNames are not allowed',
  ],
  [client, served, forClients, 'IP subjectAltNames are not allowed'],
  [client, { ...node, uris: ['a:b'] }, forClients, 'URI subjectAltNames are not allowed'],
  [serving, served, forServers, null],
  [serving, { ...node, dnsNames: ['a'] }, ['digital signature', 'server auth'], null],
  [serving, node, forServers, 'DNS or IP subjectAltName is required'],
  [serving, served, forClients, serverUsages],
  [serving, { ...served, uris: ['a:b'] }, forServers, 'URI subjectAltNames are not allowed'],
  [apiClient, { ...node, organizations: [], commonName: 'me' }, ['client auth'], null],
  [
    apiClient,
    node,
    ['digital signature'],
    'missing required usage for client certificate: client auth',
  ],
  [
    apiClient,
    node,
    ['client auth', 'server auth'],
    'invalid usage for client certificate: server auth',
  ],
  [legacy, { ...node, organizations: [] }, ['server auth'], null],
];
for (const [signer, given, usages, seen] of cases) {
  t.test(
    `signerProblem of ${signer} with ${JSON.stringify(given)} for ${usages} is ${seen}`,
    (t) => {
      t.equal(signerProblem(signer, given, usages), seen);
      t.end();
    },
  );
}

const approvals: readonly [
  signerName: string,
  username: string,
  usages: string[],
  seen: string[],
][] = [
  [client, 'system:bootstrap:x', forClients, ['nodeclient']],
  [client, 'system:node:a', forClients, ['selfnodeclient', 'nodeclient']],
  [client, 'system:node:b', forClients, ['nodeclient']],
  [client, 'system:node:a', ['client auth'], []],
  [apiClient, 'system:node:a', forClients, []],
];
for (const [signerName, username, usages, seen] of approvals) {
  t.test(`approvalsFor ${signerName} asked by ${username} for ${usages} are [${seen}]`, (t) => {
    const found = approvalsFor({ metadata: {}, spec: { signerName, username, usages } }, node);
    t.same(
      found.map(({ subresource }) => subresource),
      seen,
    );
    t.end();
  });
}

const hour = 3_600_000;
const minute = 60_000;
const year = 8760 * hour;
const far = 10 * year;
type Lasting = [asked: number | undefined, endMs: number, seen: [number, number]];
const validities: readonly Lasting[] = [
  [undefined, far, [-5 * minute, year - 5 * minute]],
  [2 * 8760 * 3600, far, [-5 * minute, year - 5 * minute]],
  [3600, far, [-5 * minute, hour]],
  [8 * 3600, far, [-5 * minute, 8 * hour - 5 * minute]],
  [1, far, [-5 * minute, 10 * minute]],
  [undefined, hour, [-5 * minute, hour]],
];
for (const [asked, endMs, [from, to]] of validities) {
  t.test(`validityFor ${asked} s under an authority of ${endMs / hour} h`, (t) => {
    const nowMs = 1_000_000_000;
    const found = validityFor(asked, { nowMs, durationMs: year, authorityEndMs: nowMs + endMs });
    t.same([found.notBeforeMs - nowMs, found.notAfterMs - nowMs], [from, to]);
    t.end();
  });
}

const at = '2026-01-01T00:00:00Z';
const atMs = Date.parse(at);
const condition = (type: string) => ({ type, status: 'True', lastUpdateTime: at });
const ages: readonly [
  title: string,
  status: CertificateSigningRequest['status'],
  hours: number | null,
][] = [
  ['that nobody decides', {}, 24],
  ['that is denied', { conditions: [condition('Denied')] }, 1],
  ['that failed', { conditions: [condition('Approved'), condition('Failed')] }, 1],
  ['that is approved and not issued', { conditions: [condition('Approved')] }, null],
  ['that is issued', { conditions: [condition('Approved')], certificate: 'eA==' }, 1],
];
for (const [title, status, hours] of ages) {
  t.test(`uselessFromMs of a request ${title} is ${hours} h after`, (t) => {
    const found = uselessFromMs({ metadata: { creationTimestamp: at }, status: status ?? {} });
    t.equal(found, hours === null ? null : atMs + hours * hour);
    t.end();
  });
}
