import { assert } from '../../../../base/assert.js';
import type { MutatingWebhook } from '../../../api/gen/admissionregistration-v1.js';
import { cloneJson } from '../../../machinery/clone.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { JsonValue } from '../../../machinery/json.js';
import { fieldsOf, type KubeObject } from '../../../machinery/object.js';
import { applyJsonPatch } from '../../../machinery/patch/json-patch.js';
import { internalError } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin } from '../plugin.js';
import { errorText } from '../refusal.js';
import type { AdmissionServices } from '../services.js';
import { type ConfiguredWebhook, mutatingWebhooks, validatingWebhooks } from './webhook.js';
import { deniedBy, settleFailure, type WebhookCaller } from './webhook-caller.js';
import { isExempt, matchesWebhook } from './webhook-match.js';

/** What mutating webhooks need of the server. */
export interface MutatingOptions {
  /** Reads what a webhook made of an object as a body is read: checked by its schema, with defaults. Throws StatusError. */
  normalize(request: AdmissionRequest, object: KubeObject): KubeObject;
  /** The plugins before webhooks: they look again at what a webhook changed. */
  readonly inTree: readonly AdmissionPlugin[];
}

const operations = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;

/** Lets the cluster's mutating webhooks change objects, one after the other. */
export function mutatingAdmissionWebhook(
  services: AdmissionServices,
  caller: WebhookCaller,
  options: MutatingOptions,
): AdmissionPlugin {
  const round = new MutatingRounds(services, caller, options);
  return definePlugin('MutatingAdmissionWebhook', operations, {
    mutate: (request) => round.run(request),
  });
}

class MutatingRounds {
  readonly #services: AdmissionServices;
  readonly #caller: WebhookCaller;
  readonly #options: MutatingOptions;

  constructor(services: AdmissionServices, caller: WebhookCaller, options: MutatingOptions) {
    this.#services = services;
    this.#caller = caller;
    this.#options = options;
  }

  async run(request: AdmissionRequest): Promise<void> {
    if (isExempt(request)) return;
    const webhooks = await mutatingWebhooks(this.#services.objects);
    if (webhooks.length === 0) return;
    const again = new Set<ConfiguredWebhook>();
    /** Webhooks that want to see what came after them. */
    const interested: ConfiguredWebhook[] = [];
    let isChanged = false;
    for (const [index, configured] of webhooks.entries()) {
      const outcome = await this.#runOne(configured, request, { round: 0, index });
      if (outcome === 'changed') {
        isChanged = true;
        for (const earlier of interested) again.add(earlier);
      }
      if (outcome !== 'skipped' && configured.webhook.reinvocationPolicy === 'IfNeeded')
        interested.push(configured);
    }
    if (!isChanged) return;
    const before = cloneJson(request.object);
    for (const plugin of this.#options.inTree)
      if (plugin.handles(request.operation)) await plugin.mutate?.(request);
    if (!deepEqual(before, request.object)) for (const each of interested) again.add(each);
    for (const [index, configured] of webhooks.entries())
      if (again.has(configured)) await this.#runOne(configured, request, { round: 1, index });
  }

  async #runOne(
    configured: ConfiguredWebhook<MutatingWebhook>,
    request: AdmissionRequest,
    at: { readonly round: number; readonly index: number },
  ): Promise<'skipped' | 'unchanged' | 'changed'> {
    if (!(await matchesWebhook(configured.webhook, request, this.#services))) return 'skipped';
    const place = `round_${at.round}_index_${at.index}`;
    let isMutated = false;
    try {
      const answer = await this.#caller.call(configured, request, true);
      if (!answer.isAllowed) throw deniedBy(configured, answer.status);
      if (answer.patch.length > 0) isMutated = this.#patch(configured, request, answer.patch);
    } catch (error) {
      settleFailure(
        configured,
        request,
        error,
        `failed-open.mutation.webhook.admission.k8s.io/${place}`,
      );
    }
    request.context.annotate?.(
      `mutation.webhook.admission.k8s.io/${place}`,
      JSON.stringify({
        configuration: configured.configuration,
        webhook: configured.webhook.name,
        mutated: isMutated,
      }),
    );
    return isMutated ? 'changed' : 'unchanged';
  }

  /** Changes the object in place; whether it is another than before. */
  #patch(
    { webhook }: ConfiguredWebhook,
    request: AdmissionRequest,
    patch: readonly JsonValue[],
  ): boolean {
    const { object } = request;
    if (object === null) {
      throw internalError(
        new Error(
          `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
        ),
      );
    }
    const before = cloneJson(object);
    let patched: KubeObject;
    try {
      patched = applyJsonPatch(cloneJson(fieldsOf(object)), [...patch]) as unknown as KubeObject;
    } catch (error) {
      throw internalError(new Error(errorText(error), { cause: error }));
    }
    const next = this.#options.normalize(request, patched);
    assert(next.metadata !== undefined, 'a decoded object has metadata');
    const fields = fieldsOf(object);
    for (const key of Object.keys(fields)) delete fields[key];
    Object.assign(fields, fieldsOf(next));
    return !deepEqual(before, object);
  }
}

/** Asks all of the cluster's validating webhooks at once whether they agree. */
export function validatingAdmissionWebhook(
  services: AdmissionServices,
  caller: WebhookCaller,
): AdmissionPlugin {
  const ask = async (
    configured: ConfiguredWebhook,
    request: AdmissionRequest,
    index: number,
  ): Promise<unknown> => {
    try {
      const answer = await caller.call(configured, request, false);
      return answer.isAllowed ? null : deniedBy(configured, answer.status);
    } catch (error) {
      try {
        const key = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`;
        settleFailure(configured, request, error, key);
        return null;
      } catch (failure) {
        return failure;
      }
    }
  };
  return definePlugin('ValidatingAdmissionWebhook', operations, {
    async validate(request) {
      if (isExempt(request)) return;
      const relevant: ConfiguredWebhook[] = [];
      for (const configured of await validatingWebhooks(services.objects))
        if (await matchesWebhook(configured.webhook, request, services)) relevant.push(configured);
      if (relevant.length === 0) return;
      const failures = await Promise.all(
        relevant.map((configured, index) => ask(configured, request, index)),
      );
      const failure = failures.find((each) => each !== null);
      if (failure !== undefined) throw failure;
    },
  });
}
