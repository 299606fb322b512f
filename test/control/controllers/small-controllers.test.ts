import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import t from 'tap';
import type { CertificateSigningRequest } from '../../../src/control/api/gen/certificates-v1.js';
import { resources } from '../../../src/control/client/index.js';
import { bootstrapSignerDefinition } from '../../../src/control/controllers/bootstrap-signer/definition.js';
import { certificateApprovingDefinition } from '../../../src/control/controllers/certificate-approving/definition.js';
import { certificateCleanerDefinition } from '../../../src/control/controllers/certificate-cleaner/definition.js';
import { certificateSigningDefinition } from '../../../src/control/controllers/certificate-signing/definition.js';
import { clusterRoleAggregationDefinition } from '../../../src/control/controllers/cluster-role-aggregation/definition.js';
import { serviceCidrDefinition } from '../../../src/control/controllers/service-cidr/definition.js';
import { tokenCleanerDefinition } from '../../../src/control/controllers/token-cleaner/definition.js';
import { makeCertificate } from '../../../src/host/certificate-maker.js';
import { hostClock } from '../../../src/host/clock.js';
import { eventually, startControllers, testEnv } from './cluster-env.js';

const nowMs = hostClock.wallTime();
const year = 365 * 86_400_000;
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface KeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array<ArrayBuffer>;
}

const rsa = { name: 'RSASSA-PKCS1-v1_5', publicExponent: new Uint8Array([1, 0, 1]) };

/** Keys that somebody may want a certificate for, and what they are called in it. */
const keyKinds: readonly (readonly [kind: string, algorithm: KeyAlgorithm, details: object])[] = [
  ['ed25519', { name: 'Ed25519' }, {}],
  ['ec', { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }, { namedCurve: 'secp384r1' }],
  ['ec', { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' }, { namedCurve: 'secp521r1' }],
  ['rsa', { ...rsa, hash: 'SHA-256', modulusLength: 2048 }, { modulusLength: 2048 }],
  ['rsa', { ...rsa, hash: 'SHA-512', modulusLength: 3072 }, { modulusLength: 3072 }],
];

/** Base64 of the PEM of a request. */
async function request(
  name: string,
  dnsName?: string,
  algorithm: KeyAlgorithm = p256,
): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const made = await Pkcs10CertificateRequestGenerator.create({
    ...{ name, keys, signingAlgorithm: algorithm },
    extensions:
      dnsName === undefined
        ? []
        : [new SubjectAlternativeNameExtension([{ type: 'dns', value: dnsName }])],
  });
  return Buffer.from(made.toString('pem')).toString('base64');
}

t.test(
  'controllers of certificates, roles, ServiceCIDRs and tokens, with a server and its store',
  async (t) => {
    const env = await testEnv(t);
    const { client } = env;
    const requests = client.objects(resources.certificateSigningRequests);
    const authority = await makeCertificate({
      ...{
        commonName: 'ca',
        use: 'authority',
        notBeforeMs: nowMs - year,
        notAfterMs: nowMs + year,
      },
    });
    startControllers(
      t,
      env,
      [
        certificateSigningDefinition,
        certificateApprovingDefinition,
        certificateCleanerDefinition,
        clusterRoleAggregationDefinition,
        serviceCidrDefinition,
        tokenCleanerDefinition,
        bootstrapSignerDefinition,
      ],
      new Map([
        ['cluster-signing-cert-file', authority.cert],
        ['cluster-signing-key-file', authority.key],
      ]),
    );
    const ask = async (name: string, spec: CertificateSigningRequest['spec']) => {
      await requests.create({ metadata: { name }, spec: { usages: ['client auth'], ...spec } });
    };
    const approve = async (name: string) => {
      const pending = await requests.get({ name });
      const conditions = [{ type: 'Approved', status: 'True', reason: 'Test', message: 'yes' }];
      await requests.update({ ...pending, status: { conditions } }, { subresource: 'approval' });
    };
    const issued = (name: string) =>
      eventually(
        `${name} is issued`,
        () => requests.get({ name }),
        ({ status }) => (status?.certificate ?? '') !== '',
      );

    await t.test('a request that is approved is signed for as long as it asks', async (t) => {
      await ask('me', {
        request: await request('CN=me, O=friends'),
        ...{ signerName: 'kubernetes.io/kube-apiserver-client', expirationSeconds: 7200 },
      });
      await approve('me');
      const { status } = await issued('me');
      const certificate = new X509Certificate(Buffer.from(status?.certificate ?? '', 'base64'));
      t.ok(certificate.checkIssued(new X509Certificate(authority.cert)));
      t.ok(certificate.verify(new X509Certificate(authority.cert).publicKey));
      t.equal(certificate.subject, 'CN=me\nO=friends');
      t.notOk(certificate.ca);
      t.same(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'], 'for clients');
      const leftMs = Date.parse(certificate.validTo) - hostClock.wallTime();
      t.ok(leftMs > 7_000_000 && leftMs <= 7_200_000, `${leftMs} ms`);
    });

    await t.test('keys of every kind get their certificate', async (t) => {
      for (const [index, [kind, algorithm, details]] of keyKinds.entries()) {
        const name = `key-${index}`;
        await ask(name, {
          request: await request('CN=somebody', undefined, algorithm),
          signerName: 'kubernetes.io/kube-apiserver-client',
        });
        await approve(name);
        const { status } = await issued(name);
        const certificate = new X509Certificate(Buffer.from(status?.certificate ?? '', 'base64'));
        t.equal(certificate.publicKey.asymmetricKeyType, kind);
        t.match(certificate.publicKey.asymmetricKeyDetails, details);
        t.ok(certificate.verify(new X509Certificate(authority.cert).publicKey));
      }
    });

    await t.test('a request that breaks the rules of its signer fails', async (t) => {
      await ask('wrong', {
        request: await request('CN=system:node:a, O=nobody', 'a'),
        ...{
          signerName: 'kubernetes.io/kubelet-serving',
          usages: ['digital signature', 'server auth'],
        },
      });
      await approve('wrong');
      const failed = await eventually(
        'Failed',
        () => requests.get({ name: 'wrong' }),
        ({ status }) => status?.conditions?.some(({ type }) => type === 'Failed') ?? false,
      );
      t.match(failed.status?.conditions?.at(-1), {
        reason: 'SignerValidationFailure',
        message: 'subject organization is not system:nodes',
      });
    });

    await t.test(
      'who may have a client certificate of a node gets it without anybody asking',
      async (t) => {
        await ask('node', {
          request: await request('CN=system:node:a, O=system:nodes'),
          signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
          usages: ['digital signature', 'client auth'],
        });
        const { status } = await issued('node');
        t.match(status?.conditions?.[0], {
          ...{ type: 'Approved', reason: 'AutoApproved' },
          message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
        });
      },
    );

    await t.test('aggregated roles show the rules of their parts', async () => {
      const roles = client.objects(resources.clusterRoles);
      const rule = { apiGroups: ['example.com'], resources: ['widgets'], verbs: ['get'] };
      await roles.create({
        metadata: {
          name: 'part',
          labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
        },
        rules: [rule],
      });
      const hasRule = (name: string) =>
        eventually(
          `${name} has the rule`,
          () => roles.get({ name }),
          ({ rules }) =>
            rules?.some(({ apiGroups }) => apiGroups?.includes('example.com')) ?? false,
        );
      await hasRule('view');
      await hasRule('admin');
    });

    await t.test('a ServiceCIDR is ready, and goes when no address needs it', async (t) => {
      const cidrs = client.objects(resources.serviceCIDRs);
      await cidrs.create({ metadata: { name: 'more' }, spec: { cidrs: ['192.0.2.0/24'] } });
      const found = await eventually(
        'ready',
        () => cidrs.get({ name: 'more' }),
        ({ status }) => status?.conditions?.[0]?.status === 'True',
      );
      t.equal(found.status?.conditions?.[0]?.message, 'Kubernetes Service CIDR is ready');
      t.same(found.metadata.finalizers, ['networking.k8s.io/service-cidr-finalizer']);
      const addresses = client.objects(resources.ipAddresses);
      await addresses.create({
        metadata: { name: '192.0.2.7' },
        spec: { parentRef: { resource: 'services', namespace: 'default', name: 'x' } },
      });
      await cidrs.delete({ name: 'more' });
      await eventually(
        'it waits',
        () => cidrs.get({ name: 'more' }),
        ({ status }) => status?.conditions?.[0]?.reason === 'Terminating',
      );
      await addresses.delete({ name: '192.0.2.7' });
      await eventually(
        'it is gone',
        async () => (await cidrs.list()).items.map(({ metadata }) => metadata.name),
        (names) => !names.includes('more'),
      );
    });

    await t.test('tokens sign the cluster info until they end, and are deleted then', async (t) => {
      const secrets = client.objects(resources.secrets);
      const configMaps = client.objects(resources.configMaps);
      const [kubeSystem, kubePublic] = ['kube-system', 'kube-public'];
      for (const name of [kubeSystem, kubePublic]) {
        await client
          .objects(resources.namespaces)
          .create({ metadata: { name } })
          .catch(() => {});
      }
      const token = async (id: string, expiration: string) => {
        const fields = {
          ...{ 'token-id': id, 'token-secret': '0123456789abcdef', expiration },
          'usage-bootstrap-signing': 'true',
        };
        const data = Object.fromEntries(
          Object.entries(fields).map(([key, value]) => [
            key,
            Buffer.from(value).toString('base64'),
          ]),
        );
        const metadata = { name: `bootstrap-token-${id}`, namespace: kubeSystem };
        await secrets.create({ metadata, type: 'bootstrap.kubernetes.io/token', data });
      };
      await configMaps.create({
        metadata: { name: 'cluster-info', namespace: kubePublic },
        data: { kubeconfig: 'how to get there' },
      });
      const soon = new Date(hostClock.wallTime() + 3000).toISOString();
      await token('aaaaaa', '2099-01-01T00:00:00Z');
      await token('bbbbbb', soon);
      await token('cccccc', '2020-01-01T00:00:00Z');
      const signers = async () => {
        const { data } = await configMaps.get({ namespace: kubePublic, name: 'cluster-info' });
        return Object.keys(data ?? {})
          .filter((key) => key.startsWith('jws-'))
          .sort();
      };
      await eventually('one is signed', signers, (keys) => keys.includes('jws-kubeconfig-aaaaaa'));
      await eventually(
        'the first alone',
        signers,
        (keys) => keys.join() === 'jws-kubeconfig-aaaaaa',
      );
      const left = await eventually(
        'tokens that ended are gone',
        async () =>
          (await secrets.list({ namespace: kubeSystem })).items
            .map(({ metadata }) => metadata.name ?? '')
            .filter((name) => name.startsWith('bootstrap-token-')),
        (names) => names.length === 1,
      );
      t.same(left, ['bootstrap-token-aaaaaa']);
    });
  },
);
