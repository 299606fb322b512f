import type { Pod, ServiceAccount, Volume } from '../../../api/gen/core-v1.js';
import { generateName } from '../../../machinery/object-meta.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin, isAbout, newObject } from '../plugin.js';
import { allContainers, isMirrorPod, podOf, specOf } from '../pod-parts.js';
import { refusal } from '../refusal.js';
import { type AdmissionServices, findObject } from '../services.js';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** Tokens that live this long are the ones that old clients may use for longer. */
const tokenSeconds = 3607;

/** Gives each pod a service account, its token as a volume, and the account's image pull secrets. */
export function serviceAccount(services: AdmissionServices): AdmissionPlugin {
  return definePlugin('ServiceAccount', ['CREATE', 'UPDATE'], {
    async mutate(request) {
      const pod = request.operation === 'CREATE' ? podOf(request) : null;
      if (pod === null || isMirrorPod(pod)) return;
      const spec = specOf(pod);
      if ((spec.serviceAccountName ?? '') === '') spec.serviceAccountName = 'default';
      spec.serviceAccount = spec.serviceAccountName ?? '';
      const account = await accountOf(request, pod, services);
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
        mountToken(pod, services);
      if ((spec.imagePullSecrets ?? []).length === 0 && account.imagePullSecrets !== undefined)
        spec.imagePullSecrets = account.imagePullSecrets.map(({ name = '' }) => ({ name }));
    },
    async validate(request) {
      if (isAbout(request, 'pods', { subresource: 'ephemeralcontainers' })) {
        const pod = newObject<Pod>(request);
        if (pod !== null) await checkSecrets(request, pod, services, ['ephemeralContainers']);
        return;
      }
      const pod = request.operation === 'CREATE' ? podOf(request) : null;
      if (pod === null) return;
      if (isMirrorPod(pod)) checkMirrorPod(request, pod);
      else await checkSecrets(request, pod, services, ['initContainers', 'containers']);
    },
  });
}

async function accountOf(
  request: AdmissionRequest,
  pod: Pod,
  services: AdmissionServices,
): Promise<ServiceAccount> {
  const name = pod.spec?.serviceAccountName ?? '';
  const resource = { group: '', resource: 'serviceaccounts' };
  const found = await findObject(services, resource, request.namespace, name);
  if (found !== undefined) return found;
  throw refusal(
    request,
    `error looking up service account ${request.namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
  );
}

function mountToken(pod: Pod, { prng }: AdmissionServices): void {
  const spec = specOf(pod);
  const existing = spec.volumes?.find(({ name = '' }) => name.startsWith(volumePrefix));
  const name = existing?.name ?? generateName(volumePrefix, prng);
  let isNeeded = false;
  for (const { container, list } of allContainers(spec)) {
    if (list === 'ephemeralContainers') continue;
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }];
    isNeeded = true;
  }
  if (isNeeded && existing === undefined)
    spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [
              {
                path: 'namespace',
                fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' },
              },
            ],
          },
        },
      ],
    },
  };
}

/** The kubelet itself runs these pods: they must need nothing that the API server would have to hand out. */
function checkMirrorPod(request: AdmissionRequest, pod: Pod): void {
  if ((pod.spec?.serviceAccountName ?? '') !== '')
    throw refusal(request, 'a mirror pod may not reference service accounts');
  const volumes = pod.spec?.volumes ?? [];
  const usesSecret =
    (pod.spec?.imagePullSecrets ?? []).length > 0 ||
    allContainers(pod.spec).some(({ container }) => secretsOfContainer(container).length > 0) ||
    volumes.some(
      ({ secret, projected }) =>
        secret !== undefined || projected?.sources?.some((source) => source.secret !== undefined),
    );
  if (usesSecret) throw refusal(request, 'a mirror pod may not reference secrets');
  const usesToken = volumes.some(({ projected }) =>
    projected?.sources?.some((source) => source.serviceAccountToken !== undefined),
  );
  if (usesToken)
    throw refusal(request, 'a mirror pod may not use ServiceAccountToken volume projections');
}

type ContainerLists = readonly ('initContainers' | 'containers' | 'ephemeralContainers')[];

/** An account can be told to let its pods use no secrets but the ones that it names. */
async function checkSecrets(
  request: AdmissionRequest,
  pod: Pod,
  services: AdmissionServices,
  lists: ContainerLists,
): Promise<void> {
  const account = await accountOf(request, pod, services);
  const { annotations } = account.metadata;
  if (annotations?.['kubernetes.io/enforce-mountable-secrets'] !== 'true') return;
  const allowed = new Set((account.secrets ?? []).map(({ name }) => name));
  const who = account.metadata.name;
  for (const { name, secret } of lists.includes('containers') ? (pod.spec?.volumes ?? []) : []) {
    if (secret !== undefined && !allowed.has(secret.secretName)) {
      throw refusal(
        request,
        `volume with secret.secretName=${JSON.stringify(secret.secretName ?? name)} is not allowed because service account ${who} does not reference that secret`,
      );
    }
  }
  for (const { list, container } of allContainers(pod.spec)) {
    if (!lists.includes(list)) continue;
    for (const { variable, secret } of secretsOfContainer(container)) {
      if (allowed.has(secret)) continue;
      const kind =
        list === 'containers'
          ? 'container'
          : list === 'initContainers'
            ? 'init container'
            : 'ephemeral container';
      throw refusal(
        request,
        `${kind} ${container.name} with envVar ${variable} referencing secret.secretName=${JSON.stringify(secret)} is not allowed because service account ${who} does not reference that secret`,
      );
    }
  }
  const pullable = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const { name } of lists.includes('containers') ? (pod.spec?.imagePullSecrets ?? []) : []) {
    if (!pullable.has(name)) {
      throw refusal(
        request,
        `imagePullSecrets with name ${JSON.stringify(name)} is not allowed because service account ${who} does not reference that imagePullSecret`,
      );
    }
  }
}

function secretsOfContainer({
  env,
  envFrom,
}: Pick<NonNullable<NonNullable<Pod['spec']>['containers']>[number], 'env' | 'envFrom'>): readonly {
  variable: string;
  secret: string;
}[] {
  const found: { variable: string; secret: string }[] = [];
  for (const { name = '', valueFrom } of env ?? []) {
    const secret = valueFrom?.secretKeyRef?.name;
    if (secret !== undefined) found.push({ variable: name, secret });
  }
  for (const { prefix = '', secretRef } of envFrom ?? [])
    if (secretRef?.name !== undefined) found.push({ variable: prefix, secret: secretRef.name });
  return found;
}
