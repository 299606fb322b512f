import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import type { Place } from '../place.js';
import type { Scenario } from '../scenario.js';

/** Certificates that are asked for, approved by people or by themselves, and signed. */
export const certificateScenarios: readonly Scenario[] = [
  {
    name: 'certificates',
    title: 'requests are approved, denied and signed; who holds a certificate is known by it',
    run: signs,
  },
  {
    name: 'node-certificates',
    title: "a node's own request is approved by itself, one for its server by people",
    run: signsNodes,
  },
];

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

interface Asked {
  readonly name: string;
  readonly subject: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly dnsName?: string;
}

/** A request as kubectl takes it, and the key that belongs to it. */
async function request(asked: Asked): Promise<{ readonly manifest: string; readonly key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { name, subject, signerName, usages, dnsName } = asked;
  const names: x509.Extension[] =
    dnsName === undefined
      ? []
      : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: dnsName }])];
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    ...{ name: subject, keys, signingAlgorithm: algorithm, extensions: names },
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  const manifest = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: Buffer.from(made.toString('pem')).toString('base64'), signerName, usages },
  };
  return { manifest: JSON.stringify(manifest), key };
}

async function signs(t: Test, place: Place): Promise<void> {
  const asked = {
    ...{ subject: 'O=devs,CN=jane', signerName: 'kubernetes.io/kube-apiserver-client' },
    usages: ['client auth'],
  };
  const { manifest, key } = await request({ name: 'jane', ...asked });
  await place.kubectl('create -f -', manifest);
  t.match(
    await place.kubectl('get csr jane'),
    /jane .*kube-apiserver-client +admin +<none> +Pending/,
  );
  t.equal(
    await place.kubectl('certificate approve jane'),
    'certificatesigningrequest.certificates.k8s.io/jane approved',
  );
  await place.untilPrinted('get csr jane', /Approved,Issued/);
  const { status } = await place.get(resources.certificateSigningRequests, 'jane');
  const certificate = Buffer.from(status?.certificate ?? '', 'base64').toString();
  const as = [
    `--client-certificate=${await place.file('jane.crt', certificate)}`,
    `--client-key=${await place.file('jane.key', key)}`,
    `--kubeconfig=${await place.anonymous()}`,
  ].join(' ');
  const who = await place.kubectl(`${as} auth whoami`);
  t.match(who, /Username +jane/);
  t.match(who, /Groups +\[devs system:authenticated\]/);
  t.match(
    (await place.tryKubectl(`${as} get pods`)).text,
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "certificates"',
  );
  await place.kubectl('create rolebinding devs --clusterrole=view --group=devs');
  await place.untilPrinted(`${as} get pods`, /^No resources found in certificates namespace\.$/);

  const other = await request({ name: 'joe', ...asked, subject: 'CN=joe' });
  await place.kubectl('create -f -', other.manifest);
  await place.kubectl('certificate deny joe');
  t.match(await place.kubectl('get csr joe'), /Denied/);
  t.match(
    (await place.tryKubectl('certificate approve joe')).text,
    'certificate signing request "joe" is already Denied',
  );

  const wrong = await request({ name: 'wrong', ...asked, usages: ['server auth'] });
  await place.kubectl('create -f -', wrong.manifest);
  await place.kubectl('certificate approve wrong');
  await place.untilPrinted('get csr wrong', /Approved,Failed/);
  t.match(
    (await place.get(resources.certificateSigningRequests, 'wrong')).status?.conditions?.find(
      ({ type }) => type === 'Failed',
    ),
    {
      status: 'True',
      reason: 'SignerValidationFailure',
      message: 'invalid usage for client certificate: server auth',
    },
  );
  await place.kubectl('delete csr jane joe wrong');
}

async function signsNodes(t: Test, place: Place): Promise<void> {
  const node = 'system:node:node-0';
  const as = `--as=${node} --as-group=system:nodes --as-group=system:authenticated`;
  const subject = `O=system:nodes,CN=${node}`;
  await place.kubectl(
    'create clusterrolebinding test-renewals --clusterrole=system:certificates.k8s.io:certificatesigningrequests:selfnodeclient --group=system:nodes',
  );
  const own = await request({
    ...{ name: 'node-0-client', subject },
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['digital signature', 'client auth'],
  });
  await place.kubectl(`${as} create -f -`, own.manifest);
  await place.untilPrinted('get csr node-0-client', /Approved,Issued/);
  const { status } = await place.get(resources.certificateSigningRequests, 'node-0-client');
  t.match(status?.conditions, [
    {
      ...{ type: 'Approved', reason: 'AutoApproved' },
      message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    },
  ]);
  const pem = Buffer.from(status?.certificate ?? '', 'base64').toString();
  t.equal(new x509.X509Certificate(pem).subject, 'O=system:nodes, CN=system:node:node-0');

  const serving = await request({
    ...{ name: 'node-0-serving', subject, dnsName: 'node-0' },
    signerName: 'kubernetes.io/kubelet-serving',
    usages: ['digital signature', 'server auth'],
  });
  await place.kubectl(`${as} create -f -`, serving.manifest);
  t.match(await place.kubectl('get csr node-0-serving'), /system:node:node-0 +<none> +Pending/);
  await place.kubectl('certificate approve node-0-serving');
  await place.untilPrinted('get csr node-0-serving', /Approved,Issued/);
  const described = await place.kubectl('describe csr node-0-serving');
  t.match(described, /Signer: +kubernetes\.io\/kubelet-serving/);
  t.match(described, /Common Name: +system:node:node-0/);
  t.match(described, /DNS Names: +node-0/);
  await place.kubectl('delete csr node-0-client node-0-serving');
  await place.kubectl('delete clusterrolebinding test-renewals');
}
