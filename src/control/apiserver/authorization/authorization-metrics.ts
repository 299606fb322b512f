import type { Registry } from 'prom-client';
import type { AuthorizationDecision, Authorizer } from '../contracts.js';
import { DistributionFamily, LabelledTally } from '../labelled-series.js';
import type { WebhookObserver } from './webhook-authorizer.js';

const webhookSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const conditionSeconds = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];

/** What becomes of the authorizers' work, under Kubernetes' names. */
export class AuthorizationMetrics {
  readonly #decisions = new LabelledTally();
  readonly #answers = new LabelledTally();
  readonly #seconds = new DistributionFamily(webhookSeconds);
  readonly #failOpens = new LabelledTally();
  readonly #conditions = new DistributionFamily(conditionSeconds);
  readonly #conditionErrors = new LabelledTally();
  readonly #exclusions = new LabelledTally();

  /** The authorizer, counted: what it decides, not where it has no opinion. */
  counted(type: string, name: string, authorizer: Authorizer): Authorizer {
    const allowed = () => ({ type, name, decision: 'allowed' });
    const denied = () => ({ type, name, decision: 'denied' });
    const [allowedKey, deniedKey] = [`${type} ${name} allowed`, `${type} ${name} denied`];
    const count = (answer: AuthorizationDecision): AuthorizationDecision => {
      if (answer.decision === 'allow') this.#decisions.add(allowedKey, allowed);
      else if (answer.decision === 'deny') this.#decisions.add(deniedKey, denied);
      return answer;
    };
    return {
      authorize(request) {
        const answer = authorizer.authorize(request);
        return answer instanceof Promise ? answer.then(count) : count(answer);
      },
    };
  }

  /** What the webhook of this name is to tell. */
  webhook(name: string): WebhookObserver {
    const about = { type: 'Webhook', name };
    return {
      onAnswer: (result, seconds) => {
        const key = `${name} ${result}`;
        this.#answers.add(key, () => ({ name, result }));
        this.#seconds.observe(key, seconds, () => ({ name, result }));
      },
      onFailOpen: (result) => this.#failOpens.add(`${name} ${result}`, () => ({ name, result })),
      onConditions: (result, seconds) => {
        this.#conditions.observe(name, seconds, () => about);
        if (result === 'exclusion') this.#exclusions.add(name, () => about);
        if (result === 'error') this.#conditionErrors.add(name, () => about);
      },
    };
  }

  register(registry: Registry): void {
    const prefix = 'apiserver_authorization';
    this.#decisions.register(registry, {
      name: `${prefix}_decisions_total`,
      help: 'Requests that an authorizer allowed or denied, by its type and name.',
      labelNames: ['type', 'name', 'decision'],
    });
    this.#answers.register(registry, {
      name: `${prefix}_webhook_evaluations_total`,
      help: 'Questions to authorization webhooks, by what became of them.',
      labelNames: ['name', 'result'],
    });
    this.#seconds.register(registry, {
      name: `${prefix}_webhook_duration_seconds`,
      help: 'Seconds until an authorization webhook answered, by what became of the question.',
    });
    this.#failOpens.register(registry, {
      name: `${prefix}_webhook_evaluations_fail_open_total`,
      help: 'Questions without an answer for which the next authorizer was asked instead.',
      labelNames: ['name', 'result'],
    });
    this.#conditions.register(registry, {
      name: `${prefix}_match_condition_evaluation_seconds`,
      help: "Seconds of an authorizer's match conditions.",
    });
    this.#conditionErrors.register(registry, {
      name: `${prefix}_match_condition_evaluation_errors_total`,
      help: "Requests for which an authorizer's match conditions could not be evaluated.",
      labelNames: ['type', 'name'],
    });
    this.#exclusions.register(registry, {
      name: `${prefix}_match_condition_exclusions_total`,
      help: "Requests that an authorizer's match conditions kept from it.",
      labelNames: ['type', 'name'],
    });
  }
}
