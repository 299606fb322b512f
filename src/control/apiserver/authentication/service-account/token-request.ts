import { assert } from '../../../../base/assert.js';
import type { TokenRequest } from '../../../api/gen/authentication-v1.js';
import type { Pod, ServiceAccount } from '../../../api/gen/core-v1.js';
import type { ClaimRef, TokenClaims } from '../../../api/service-account/claims.js';
import type { TokenIssuer } from '../../../api/service-account/token-issuer.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import { fieldPath, invalidValue } from '../../../machinery/field-path.js';
import type { KubeObject } from '../../../machinery/object.js';
import { badRequest, conflict, invalid, notFound } from '../../../machinery/status-errors.js';
import { formatTime } from '../../../machinery/time.js';
import type { ObjectReader } from '../../contracts.js';
import { serviceAccountUsername } from '../user-info.js';

/** Seconds that a token lives when the request does not say. */
const defaultSeconds = 3600;
/** What kubelets ask for old clients: such a token lives for a year, and its use past this is only counted. */
const warnAfterSeconds = 3607;
const extendedSeconds = 365 * 24 * 3600;

/** What the `token` subresource of service accounts needs. */
export interface TokenRequestOptions {
  readonly issuer: TokenIssuer;
  readonly apiAudiences: readonly string[];
  /** --service-account-max-token-expiration; 0 is no bound. */
  readonly maxSeconds: number;
  /** --service-account-extend-token-expiration. */
  readonly extendsExpiration: boolean;
  readonly objects: ObjectReader;
  /** A new random UUID. */
  uuid(): string;
}

/** The request as the API server hands it over. */
export interface TokenRequestContext {
  readonly namespace: string;
  /** Of the service account. */
  readonly name: string;
  readonly nowMs: number;
  readonly isDryRun: boolean;
  warn(text: string): void;
}

/** Answers a TokenRequest with a token. Rejects with the StatusErrors that Kubernetes gives. */
export async function issueToken(
  request: TokenRequest,
  context: TokenRequestContext,
  options: TokenRequestOptions,
): Promise<TokenRequest> {
  checkRequest(request, context);
  const { namespace, name, nowMs } = context;
  const account = (await options.objects.get(
    { group: '', resource: 'serviceaccounts' },
    namespace,
    name,
  )) as ServiceAccount | undefined;
  if (account === undefined) throw notFound({ group: '', resource: 'serviceaccounts' }, name);
  const audiences =
    (request.spec?.audiences ?? []).length > 0
      ? (request.spec?.audiences ?? [])
      : [...options.apiAudiences];
  const bound = await boundObjects(request, context, options.objects);
  const askedSeconds = boundedSeconds(request, context, options);
  const isExtended =
    options.extendsExpiration &&
    bound.pod !== undefined &&
    askedSeconds === warnAfterSeconds &&
    audiences.every((audience) => options.apiAudiences.includes(audience));
  const nowSeconds = Math.floor(nowMs / 1000);
  assert(account.metadata.uid !== undefined, 'a stored service account has a uid');
  const claims: TokenClaims = {
    aud: audiences,
    exp: nowSeconds + (isExtended ? extendedSeconds : askedSeconds),
    iat: nowSeconds,
    iss: options.issuer.issuer,
    jti: options.uuid(),
    'kubernetes.io': {
      namespace,
      ...bound,
      serviceaccount: { name, uid: account.metadata.uid },
      ...(isExtended && { warnafter: nowSeconds + warnAfterSeconds }),
    },
    nbf: nowSeconds,
    sub: serviceAccountUsername(namespace, name),
  };
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {
      ...request.metadata,
      name,
      namespace,
      creationTimestamp: request.metadata.creationTimestamp ?? formatTime(nowMs),
    },
    spec: { ...request.spec, audiences: [...audiences], expirationSeconds: askedSeconds },
    status: {
      token: await options.issuer.sign(claims),
      expirationTimestamp: formatTime((nowSeconds + askedSeconds) * 1000),
    },
  };
}

function checkRequest({ metadata, spec }: TokenRequest, context: TokenRequestContext): void {
  const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
  if (metadata.name !== undefined && metadata.name !== '' && metadata.name !== context.name) {
    const problem = invalidValue(
      fieldPath('metadata', 'name'),
      metadata.name,
      'must match the service account name if specified',
    );
    throw invalid(kind, metadata.name, [problem]);
  }
  if ((metadata.namespace ?? '') !== '' && metadata.namespace !== context.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  const problems: FieldError[] = [];
  const seconds = spec?.expirationSeconds ?? defaultSeconds;
  const path = fieldPath('spec', 'expirationSeconds');
  if (seconds < 600)
    problems.push(invalidValue(path, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    problems.push(
      invalidValue(path, seconds, 'may not specify a duration larger than 2^32 seconds'),
    );
  if (problems.length > 0) throw invalid(kind, context.name, problems);
}

function boundedSeconds(
  { spec }: TokenRequest,
  context: TokenRequestContext,
  { maxSeconds }: TokenRequestOptions,
): number {
  const asked = spec?.expirationSeconds ?? defaultSeconds;
  if (maxSeconds === 0 || asked <= maxSeconds) return asked;
  context.warn(`requested expiration of ${asked} seconds shortened to ${maxSeconds} seconds`);
  return maxSeconds;
}

type Bound = { pod?: ClaimRef; secret?: ClaimRef; node?: ClaimRef };

async function boundObjects(
  request: TokenRequest,
  context: TokenRequestContext,
  objects: ObjectReader,
): Promise<Bound> {
  const reference = request.spec?.boundObjectRef;
  if (reference === undefined) return {};
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference;
  const { namespace } = context;
  const resource = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }[kind];
  if (apiVersion !== 'v1' || resource === undefined) {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const object = await objects.get({ group: '', resource }, kind === 'Node' ? '' : namespace, name);
  if (object === undefined) throw notFound({ group: '', resource }, name);
  if (kind === 'Pod') checkPodAccount(object as Pod, context.name);
  const recordUid = object.metadata.uid ?? '';
  if (uid !== '' && uid !== recordUid) {
    throw conflict(
      { group: '', resource: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const claim = { name, uid: recordUid };
  if (kind === 'Secret') return { secret: claim };
  if (kind === 'Node') return { node: claim };
  return { ...(await nodeOfPod(object, objects)), pod: claim };
}

function checkPodAccount(pod: Pod, accountName: string): void {
  const podAccount = pod.spec?.serviceAccountName ?? '';
  if (podAccount !== accountName) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(accountName)} to pod running with different serviceaccount name.`,
    );
  }
}

async function nodeOfPod(pod: KubeObject, objects: ObjectReader): Promise<Bound> {
  const nodeName = (pod as Pod).spec?.nodeName ?? '';
  if (nodeName === '') return {};
  const node = await objects.get({ group: '', resource: 'nodes' }, '', nodeName);
  return { node: { name: nodeName, uid: node?.metadata.uid ?? '' } };
}
