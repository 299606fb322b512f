import type { CustomResourceDefinition } from '../../api/gen/apiextensions-v1.js';
import type { JsonObject } from '../../machinery/json.js';
import { isJsonObject } from '../../machinery/json-object.js';
import type { KubeObject } from '../../machinery/object.js';
import { internalError } from '../../machinery/status-errors.js';
import type { WebhookPoster } from '../admission/webhooks/webhook-caller.js';
import { serviceAddress } from '../aggregation/service-address.js';
import type { ObjectReader } from '../contracts.js';
import { type Converter, renamingConverter } from './conversion.js';

/** What asking a conversion webhook needs. */
export interface ConversionParts {
  readonly objects: ObjectReader;
  readonly post: WebhookPoster;
  readonly newUid: () => string;
  /** A number below `count`. */
  readonly pick: (count: number) => number;
}

const timeoutMs = 30_000;
const never = new AbortController().signal;

/** How the definition says that versions are converted. */
export function converterOf(
  definition: CustomResourceDefinition,
  parts: ConversionParts,
): Converter {
  if (definition.spec?.conversion?.strategy !== 'Webhook') return renamingConverter;
  const group = definition.spec.group ?? '';
  return async (objects, desiredApiVersion) => {
    try {
      return await ask(definition, parts, objects, desiredApiVersion);
    } catch (error) {
      const [first] = objects;
      const kind = definition.spec?.names?.kind ?? '';
      const text = error instanceof Error ? error.message : String(error);
      throw internalError(
        new Error(
          `conversion webhook for ${first?.apiVersion ?? group}, Kind=${kind} failed: ${text}`,
          {
            cause: error,
          },
        ),
      );
    }
  };
}

async function ask(
  { spec }: CustomResourceDefinition,
  parts: ConversionParts,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
): Promise<readonly KubeObject[]> {
  const { clientConfig, conversionReviewVersions = [] } = spec?.conversion?.webhook ?? {};
  const version = conversionReviewVersions.find((one) => one === 'v1' || one === 'v1beta1');
  const uid = parts.newUid();
  const review = {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${version ?? 'v1'}`,
    request: { uid, desiredAPIVersion, objects },
  };
  const target = await targetOf(clientConfig ?? {}, parts);
  const { status, body } = await parts.post({
    ...target,
    credentialsFor: '',
    body: new TextEncoder().encode(JSON.stringify(review)),
    caPem: Buffer.from(clientConfig?.caBundle ?? '', 'base64').toString('latin1'),
    timeoutMs,
    signal: never,
  });
  if (status < 200 || status > 299) throw new Error(`it answered with status ${status}`);
  return checkedAnswer(new TextDecoder().decode(body), { objects, uid, desiredAPIVersion });
}

async function targetOf(
  {
    url,
    service,
  }: NonNullable<
    NonNullable<
      NonNullable<NonNullable<CustomResourceDefinition['spec']>['conversion']>['webhook']
    >['clientConfig']
  >,
  { objects, pick }: ConversionParts,
): Promise<{ readonly url: string; readonly serverName: string }> {
  if (url !== undefined) return { url, serverName: '' };
  const { namespace = '', name = '', path = '/', port = 443 } = service ?? {};
  const address = await serviceAddress(objects, { namespace, name, port }, pick);
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `https://${host}:${address.port}${path.startsWith('/') ? path : `/${path}`}`,
    serverName: `${name}.${namespace}.svc`,
  };
}

interface Asked {
  readonly objects: readonly KubeObject[];
  readonly uid: string;
  readonly desiredAPIVersion: string;
}

/** The converted objects; throws when the answer does not follow the protocol. */
function checkedAnswer(text: string, { objects, uid, desiredAPIVersion }: Asked): KubeObject[] {
  const review: unknown = JSON.parse(text);
  const response = isJsonObject(review) ? review.response : undefined;
  if (!isJsonObject(response)) throw new Error('no response provided');
  if (response.uid !== uid)
    throw new Error(
      `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`,
    );
  const result = isJsonObject(response.result) ? response.result : {};
  if (result.status !== 'Success')
    throw new Error(typeof result.message === 'string' ? result.message : 'it gave no reason');
  const converted = response.convertedObjects;
  if (!Array.isArray(converted) || converted.length !== objects.length)
    throw new Error(
      `webhook returned ${Array.isArray(converted) ? converted.length : 0} objects, expected ${objects.length}`,
    );
  return converted.map((object, at) =>
    checkedObject(object, objects[at] as KubeObject, desiredAPIVersion, at),
  );
}

function checkedObject(
  value: unknown,
  original: KubeObject,
  apiVersion: string,
  at: number,
): KubeObject {
  const place = `response.convertedObjects[${at}]`;
  if (!isJsonObject(value)) throw new Error(`invalid converted object at index ${at}`);
  if (value.apiVersion !== apiVersion)
    throw new Error(
      `${place} invalid apiVersion ${JSON.stringify(value.apiVersion ?? '')}, expected ${apiVersion}`,
    );
  if (value.kind !== original.kind)
    throw new Error(
      `${place} invalid kind ${JSON.stringify(value.kind ?? '')}, expected ${original.kind ?? ''}`,
    );
  const metadata: JsonObject = isJsonObject(value.metadata) ? value.metadata : {};
  for (const name of ['name', 'namespace', 'uid'] as const)
    if ((metadata[name] ?? '') !== (original.metadata[name] ?? ''))
      throw new Error(`invalid metadata of object at index ${at}: ${name} must not be changed`);
  const { labels, annotations } = metadata as KubeObject['metadata'];
  const { labels: _labels, annotations: _annotations, ...kept } = original.metadata;
  const merged = {
    ...kept,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { ...value, metadata: merged } as unknown as KubeObject;
}
