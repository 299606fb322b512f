import { WebClientError } from '../../../../rpc/web-errors.js';
import type { Service } from '../../../api/gen/core-v1.js';
import type { Status } from '../../../machinery/status.js';
import { StatusError } from '../../../machinery/status.js';
import { badRequest, internalError, timeoutError } from '../../../machinery/status-errors.js';
import { webhookConditionsHold } from '../../cel/webhook-conditions.js';
import { dialFailureText } from '../../connect/dial-failure.js';
import type { AdmissionRequest } from '../../contracts.js';
import type { AdmissionServices } from '../services.js';
import {
  admissionReview,
  type ReviewAnswer,
  readAnswer,
  reviewVersion,
} from './admission-review.js';
import type { ConfiguredWebhook, Webhook } from './webhook.js';

/** One question to a webhook's server. */
export interface WebhookPost {
  readonly url: string;
  readonly body: Uint8Array;
  /** PEM of who signs its certificate; '' for the authorities that the system trusts. */
  readonly caPem: string;
  /** The name that its certificate must have; '' for the host of the URL. */
  readonly serverName: string;
  /** Whom credentials are looked up for: `host:port`, or the host that a URL names. */
  readonly credentialsFor: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Posts over verified TLS and reads the answer, which is bounded. Rejects when there is none in time. */
export type WebhookPoster = (
  post: WebhookPost,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/** A webhook that could not be asked, or whose answer is of no use: its failure policy decides. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError';
}

const defaultTimeoutSeconds = 10;

/** Of a webhook whose match conditions do not hold. */
const notAsked: ReviewAnswer = {
  isAllowed: true,
  status: null,
  patch: [],
  warnings: [],
  auditAnnotations: {},
};

/** Asks webhooks. */
export class WebhookCaller {
  readonly #services: AdmissionServices;
  readonly #post: WebhookPoster;
  readonly #uuid: () => string;

  constructor(services: AdmissionServices, post: WebhookPoster, uuid: () => string) {
    this.#services = services;
    this.#post = post;
    this.#uuid = uuid;
  }

  /**
   * What the webhook answers; its warnings and annotations are passed on. Rejects with {@link WebhookCallError}, or with StatusError
   * 400 for a dry run that it cannot take part in.
   */
  async call(
    { webhook }: ConfiguredWebhook,
    request: AdmissionRequest,
    isMutating: boolean,
  ): Promise<ReviewAnswer> {
    const { context } = request;
    checkDryRun(webhook, context.isDryRun);
    if (!(await this.#isMeant(webhook, request))) return notAsked;
    const version = reviewVersion(webhook.admissionReviewVersions);
    if (version === null) {
      throw new WebhookCallError(
        'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
      );
    }
    const asked = { uid: this.#uuid(), version, isMutating };
    const answer = await this.#timed(webhook, request, asked);
    for (const warning of answer.warnings) context.warn(warning);
    for (const [key, value] of Object.entries(answer.auditAnnotations))
      context.annotate?.(`${webhook.name}/${key}`, value);
    return answer;
  }

  async #isMeant(webhook: Webhook, request: AdmissionRequest): Promise<boolean> {
    try {
      return await webhookConditionsHold(webhook, request, this.#services);
    } catch (error) {
      throw new WebhookCallError(`its match conditions cannot be evaluated: ${textOf(error)}`, {
        cause: error,
      });
    }
  }

  async #timed(
    webhook: Webhook,
    request: AdmissionRequest,
    asked: Parameters<typeof readAnswer>[1],
  ): Promise<ReviewAnswer> {
    const { clock } = this.#services;
    const startMs = clock.now();
    let isRejected = true;
    try {
      const answer = await this.#ask(webhook, request, asked);
      isRejected = !answer.isAllowed;
      return answer;
    } finally {
      const { name = '' } = webhook;
      const { operation } = request;
      const type = asked.isMutating ? 'admit' : 'validate';
      const seconds = (clock.now() - startMs) / 1000;
      this.#services.onWebhook?.({ name, type, operation, isRejected }, seconds);
    }
  }

  async #ask(
    webhook: Webhook,
    request: AdmissionRequest,
    asked: Parameters<typeof readAnswer>[1],
  ): Promise<ReviewAnswer> {
    const seconds = webhook.timeoutSeconds ?? defaultTimeoutSeconds;
    const target = await this.#target(webhook, `timeout=${seconds}s`);
    let reply: Awaited<ReturnType<WebhookPoster>>;
    try {
      reply = await this.#post({
        ...{
          url: target.url,
          serverName: target.serverName,
          credentialsFor: target.credentialsFor,
        },
        body: admissionReview(request, asked),
        caPem: Buffer.from(webhook.clientConfig?.caBundle ?? '', 'base64').toString('latin1'),
        timeoutMs: seconds * 1000,
        signal: request.context.signal,
      });
    } catch (error) {
      const text = `Post ${JSON.stringify(target.shownUrl)}: ${whyNot(error, target)}`;
      throw new WebhookCallError(`failed to call webhook: ${text}`, { cause: error });
    }
    if (reply.status < 200 || reply.status > 299) {
      throw new WebhookCallError(
        `failed to call webhook: an error on the server (${JSON.stringify(new TextDecoder().decode(reply.body.subarray(0, 200)))}) has prevented the request from succeeding: status ${reply.status}`,
      );
    }
    try {
      return readAnswer(reply.body, asked);
    } catch (error) {
      throw new WebhookCallError(`received invalid webhook response: ${textOf(error)}`, {
        cause: error,
      });
    }
  }

  async #target({ clientConfig }: Webhook, query: string): Promise<WebhookTarget> {
    if (clientConfig?.url !== undefined) {
      const { url: plain } = clientConfig;
      const url = `${plain}${plain.includes('?') ? '&' : '?'}${query}`;
      const { hostname, port } = new URL(plain);
      const address = `${hostname}:${port === '' ? 443 : port}`;
      const { host } = new URL(plain);
      return { url, shownUrl: url, address, serverName: '', credentialsFor: host };
    }
    const { namespace = '', name = '', path = '', port = 443 } = clientConfig?.service ?? {};
    const service = (await this.#services.objects.get(
      { group: '', resource: 'services' },
      namespace,
      name,
    )) as Service | undefined;
    const host = addressOf(service);
    if (host === null)
      throw new WebhookCallError(
        `failed to call webhook: service ${JSON.stringify(name)} not found`,
      );
    const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const serverName = `${name}.${namespace}.svc`;
    const asked = `${path === '' ? '/' : path}?${query}`;
    const shownUrl = `https://${serverName}:${port}${asked}`;
    const credentialsFor = `${serverName}:${port}`;
    return { url: `https://${address}${asked}`, shownUrl, address, serverName, credentialsFor };
  }
}

/** Where a webhook is asked. */
interface WebhookTarget {
  readonly url: string;
  /** As errors name it: a service by its name. */
  readonly shownUrl: string;
  /** Host and port. */
  readonly address: string;
  readonly serverName: string;
  readonly credentialsFor: string;
}

/** Why there is no answer, as users of Kubernetes know it. */
function whyNot(error: unknown, { address }: WebhookTarget): string {
  if (!(error instanceof WebClientError)) return textOf(error);
  if (error.code === 'timeout') return 'context deadline exceeded';
  return dialFailureText(error, address);
}

/** Where a service is reached; null when it is nowhere. */
function addressOf(service: Service | undefined): string | null {
  const { type, clusterIP = '', externalName = '' } = service?.spec ?? {};
  if (type === 'ExternalName') return externalName === '' ? null : externalName;
  return clusterIP === '' || clusterIP === 'None' ? null : clusterIP;
}

function checkDryRun({ name, sideEffects }: Webhook, isDryRun: boolean): void {
  if (!isDryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return;
  throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
}

/**
 * What becomes of a request whose webhook could not be asked: nothing when the webhook may be left out, and it is noted; a 500
 * otherwise. Other errors are passed on.
 */
export function settleFailure(
  { webhook }: ConfiguredWebhook,
  request: AdmissionRequest,
  error: unknown,
  annotationKey: string,
): void {
  if (!(error instanceof WebhookCallError)) throw error;
  if (webhook.failurePolicy !== 'Ignore') {
    throw internalError(
      new Error(`failed calling webhook ${JSON.stringify(webhook.name)}: ${error.message}`, {
        cause: error,
      }),
    );
  }
  if (request.context.signal.aborted)
    throw timeoutError('request did not complete within requested timeout', 0);
  request.context.annotate?.(annotationKey, webhook.name ?? '');
}

/** The refusal of a webhook as the client reads it. */
export function deniedBy(
  { webhook }: ConfiguredWebhook,
  status: Partial<Status> | null,
): StatusError {
  const by = `admission webhook ${JSON.stringify(webhook.name)} denied the request`;
  const explanation = status?.message || status?.reason || '';
  const code = status?.code ?? 0;
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: explanation === '' ? `${by} without explanation` : `${by}: ${explanation}`,
    ...(status?.reason !== undefined && { reason: status.reason }),
    ...(status?.details !== undefined && { details: status.details }),
    code: code < 400 ? 400 : code,
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
