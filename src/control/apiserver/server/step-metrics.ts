import type { Registry } from 'prom-client';
import type { GroupResource } from '../../machinery/object.js';
import type { PolicyCheck } from '../cel/policy-check.js';
import { DistributionFamily, LabelledTally, type Labels } from '../labelled-series.js';
import type { AdmissionStep } from '../registry/admission-chain.js';
import type { ObserveStore } from '../storage/index.js';

const stepSeconds = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024];
const admissionSeconds = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const policySeconds = [0.0000005, 0.001, 0.01, 0.1, 1];
const webhookSeconds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
const ruleSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const storeSeconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];

/** What the steps of requests cost: who asks, may they, is it acceptable, and the store; under Kubernetes' names. */
export class StepMetrics {
  readonly #authentication = new DistributionFamily(stepSeconds);
  readonly #authorization = new DistributionFamily(stepSeconds);
  readonly #authorizations = new LabelledTally();
  readonly #admission = new DistributionFamily(admissionSeconds);
  readonly #phases = new DistributionFamily(admissionSeconds);
  readonly #webhooks = new DistributionFamily(webhookSeconds);
  readonly #policies = new DistributionFamily(policySeconds);
  readonly #policyChecks = new LabelledTally();
  readonly #ruleCompilations = new DistributionFamily(ruleSeconds);
  readonly #ruleEvaluations = new DistributionFamily(ruleSeconds);
  readonly #store = new DistributionFamily(storeSeconds);
  readonly #storeRequests = new LabelledTally();
  readonly #storeErrors = new LabelledTally();

  onAuthentication(result: string, seconds: number): void {
    this.#authentication.observe(result, seconds, () => ({ result }));
  }

  onAuthorization(result: string, seconds: number): void {
    this.#authorization.observe(result, seconds, () => ({ result }));
    this.#authorizations.add(result, () => ({ result }));
  }

  onAdmission(step: AdmissionStep, seconds: number): void {
    const { name, type, operation } = step;
    const labels = () => ({ name, type, operation, rejected: String(step.isRejected) });
    this.#admission.observe(step, seconds, labels);
  }

  /** All plugins of a phase. */
  onAdmissionPhase(phase: AdmissionStep, seconds: number): void {
    const { type, operation } = phase;
    const labels = () => ({ type, operation, rejected: String(phase.isRejected) });
    this.#phases.observe(phase, seconds, labels);
  }

  onWebhook(step: AdmissionStep, seconds: number): void {
    const { name, type, operation } = step;
    const labels = () => ({ name, type, operation, rejected: String(step.isRejected) });
    const key = `${name} ${type} ${operation} ${step.isRejected}`;
    this.#webhooks.observe(key, seconds, labels);
  }

  readonly onPolicyCheck = (check: PolicyCheck, seconds: number): void => {
    const { policy, binding, action, errorType } = check;
    const key = `${policy}/${binding}/${action}/${errorType}`;
    const labels = () => ({
      policy,
      policy_binding: binding,
      error_type: errorType,
      enforcement_action: action,
    });
    this.#policies.observe(key, seconds, labels);
    this.#policyChecks.add(key, labels);
  };

  /** All rules in CEL of a schema of custom resources. */
  onRulesCompiled(seconds: number): void {
    this.#ruleCompilations.observe('', seconds, () => ({}));
  }

  /** All rules in CEL of a custom resource. */
  onRulesEvaluated(seconds: number): void {
    this.#ruleEvaluations.observe('', seconds, () => ({}));
  }

  readonly onStore: ObserveStore = (operation, resource, { seconds, isFailed }) => {
    const key = `${operation} ${resource.resource} ${resource.group}`;
    const labels = () => storeLabels(operation, resource);
    this.#store.observe(key, seconds, labels);
    this.#storeRequests.add(key, labels);
    if (isFailed) this.#storeErrors.add(key, labels);
  };

  register(registry: Registry): void {
    const histogram = (name: string, help: string, family: DistributionFamily) =>
      family.register(registry, { name, help });
    histogram(
      'authentication_duration_seconds',
      'Seconds until it was known who asks, by result.',
      this.#authentication,
    );
    histogram(
      'authorization_duration_seconds',
      'Seconds until it was known whether they may, by result.',
      this.#authorization,
    );
    histogram(
      'apiserver_admission_controller_admission_duration_seconds',
      'Seconds of an admission plugin, by name, operation, phase and whether it refused.',
      this.#admission,
    );
    histogram(
      'apiserver_admission_step_admission_duration_seconds',
      'Seconds of all admission plugins of a phase together, by operation and whether they refused.',
      this.#phases,
    );
    histogram(
      'apiserver_admission_webhook_admission_duration_seconds',
      'Seconds of an admission webhook, by name, operation, phase and whether it refused.',
      this.#webhooks,
    );
    histogram(
      'etcd_request_duration_seconds',
      'Seconds of requests to the store, by operation and resource.',
      this.#store,
    );
    histogram(
      'apiserver_validating_admission_policy_check_duration_seconds',
      'Seconds of a ValidatingAdmissionPolicy with one of its bindings, by what came of it.',
      this.#policies,
    );
    histogram(
      'apiserver_cel_compilation_duration_seconds',
      'Seconds that it took to compile the rules in CEL of a schema.',
      this.#ruleCompilations,
    );
    histogram(
      'apiserver_cel_evaluation_duration_seconds',
      'Seconds that it took to evaluate the rules in CEL of an object.',
      this.#ruleEvaluations,
    );
    this.#policyChecks.register(registry, {
      name: 'apiserver_validating_admission_policy_check_total',
      help: 'Checks of ValidatingAdmissionPolicies, by binding and by what came of them.',
      labelNames: ['policy', 'policy_binding', 'error_type', 'enforcement_action'],
    });
    this.#authorizations.register(registry, {
      name: 'authorization_attempts_total',
      help: 'Authorizations by result.',
      labelNames: ['result'],
    });
    const labelNames = ['operation', 'group', 'resource'];
    this.#storeRequests.register(registry, {
      ...{ name: 'etcd_requests_total', labelNames },
      help: 'Requests to the store, by operation and resource.',
    });
    this.#storeErrors.register(registry, {
      ...{ name: 'etcd_request_errors_total', labelNames },
      help: 'Requests to the store that failed, by operation and resource.',
    });
  }
}

function storeLabels(operation: string, { group, resource }: GroupResource): Labels {
  return { operation, group, resource };
}
