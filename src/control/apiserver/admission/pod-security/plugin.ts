import type { Namespace, Pod, PodSpec } from '../../../api/gen/core-v1.js';
import { deepEqual } from '../../../machinery/deep-equal.js';
import type { FieldError } from '../../../machinery/field-errors.js';
import { joinFieldErrors } from '../../../machinery/field-path.js';
import type { KubeObject } from '../../../machinery/object.js';
import { forbidden, internalError, invalid } from '../../../machinery/status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from '../../contracts.js';
import { definePlugin, newObject, oldObject } from '../plugin.js';
import { allContainers } from '../pod-parts.js';
import { type AdmissionServices, findObject } from '../services.js';
import type { CheckedPod } from './check.js';
import { violationsOf, violationsText } from './evaluator.js';
import {
  compareLevels,
  levelVersionText,
  type PodSecurityPolicy,
  policyOf,
  sameLevelVersion,
} from './level-version.js';
import { namespaceWarnings } from './namespace-check.js';

/** The plugin's configuration (PodSecurityConfiguration). */
export interface PodSecurityOptions {
  readonly defaults: PodSecurityPolicy;
  readonly exemptUsernames: readonly string[];
  readonly exemptNamespaces: readonly string[];
  readonly exemptRuntimeClasses: readonly string[];
}

const privileged = { level: 'privileged', version: 'latest' } as const;

/** Without a configuration nothing is enforced but what namespaces ask for. */
export const defaultPodSecurity: PodSecurityOptions = {
  defaults: { enforce: privileged, audit: privileged, warn: privileged },
  exemptUsernames: [],
  exemptNamespaces: [],
  exemptRuntimeClasses: [],
};

const annotationPrefix = 'pod-security.kubernetes.io/';

/** Subresources that do not change what a pod may do. */
const ignoredSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

/** Holds pods to the Pod Security Standards that their namespace asks for. */
export function podSecurity(
  options: PodSecurityOptions,
  services: AdmissionServices,
): AdmissionPlugin {
  const check = new PodSecurityCheck(options, services);
  return definePlugin('PodSecurity', ['CREATE', 'UPDATE'], {
    validate: (request) => check.validate(request),
  });
}

class PodSecurityCheck {
  readonly #options: PodSecurityOptions;
  readonly #services: AdmissionServices;

  constructor(options: PodSecurityOptions, services: AdmissionServices) {
    this.#options = options;
    this.#services = services;
  }

  async validate(request: AdmissionRequest): Promise<void> {
    if (request.object === null) return;
    const { group, resource, subresource } = request;
    if (group === '' && resource === 'namespaces') {
      if (subresource === '') await this.#checkNamespace(request);
    } else if (group === '' && resource === 'pods') {
      if (!ignoredSubresources.has(subresource)) await this.#checkPod(request);
    } else if (subresource === '' && hasTemplate(group, resource)) {
      await this.#checkController(request);
    }
  }

  async #checkPod(request: AdmissionRequest): Promise<void> {
    if (this.#isExempt(request)) return;
    const { policy, problems } = await this.#policyFor(request);
    if (problems.length === 0 && isPrivileged(policy)) {
      annotate(request, 'enforce-policy', levelVersionText(privileged));
      return;
    }
    const pod = newObject<Pod>(request);
    const old = oldObject<Pod>(request);
    if (pod === null || (old !== null && !changesImages(pod, old))) return;
    this.#evaluate(request, policy, problems, checkedPod(pod), true);
  }

  /** Controllers are never refused: their pods will be. */
  async #checkController(request: AdmissionRequest): Promise<void> {
    if (this.#isExempt(request)) return;
    const template = templateOf(request.object);
    if (template === null) return;
    const { policy, problems } = await this.#policyFor(request);
    const isSilent = policy.warn.level === 'privileged' && policy.audit.level === 'privileged';
    if (problems.length === 0 && isSilent) return;
    this.#evaluate(request, policy, problems, template, false);
  }

  #evaluate(
    request: AdmissionRequest,
    policy: PodSecurityPolicy,
    problems: readonly FieldError[],
    pod: CheckedPod,
    enforces: boolean,
  ): void {
    const runtimeClass = pod.spec.runtimeClassName ?? '';
    if (runtimeClass !== '' && this.#options.exemptRuntimeClasses.includes(runtimeClass)) {
      annotate(request, 'exempt', 'runtimeClass');
      return;
    }
    if (problems.length > 0)
      annotate(request, 'error', `Failed to parse policy: ${joinFieldErrors(problems)}`);
    if (enforces) annotate(request, 'enforce-policy', levelVersionText(policy.enforce));
    const audited = violationsOf(pod, policy.audit);
    if (audited.length > 0) {
      annotate(
        request,
        'audit-violations',
        `would violate PodSecurity ${JSON.stringify(levelVersionText(policy.audit))}: ${violationsText(audited)}`,
      );
    }
    const enforced = enforces ? violationsOf(pod, policy.enforce) : [];
    if (enforced.length > 0) {
      throw forbidden(
        { group: request.group, resource: request.resource },
        request.name || (request.object?.metadata.name ?? ''),
        `violates PodSecurity ${JSON.stringify(levelVersionText(policy.enforce))}: ${violationsText(enforced)}`,
      );
    }
    const warned = violationsOf(pod, policy.warn);
    if (warned.length > 0) {
      request.context.warn(
        `would violate PodSecurity ${JSON.stringify(levelVersionText(policy.warn))}: ${violationsText(warned)}`,
      );
    }
  }

  async #checkNamespace(request: AdmissionRequest): Promise<void> {
    const namespace = newObject<Namespace>(request);
    if (namespace === null) return;
    const { defaults, exemptNamespaces } = this.#options;
    const name = namespace.metadata.name ?? '';
    const { policy, problems } = policyOf(namespace.metadata.labels, defaults);
    const old = oldObject<Namespace>(request);
    const before = old === null ? null : policyOf(old.metadata.labels, defaults);
    if (problems.length > 0 && !deepEqual(problems, before?.problems ?? []))
      throw invalid({ group: '', kind: 'Namespace' }, name, problems);
    if (before === null) {
      if (exemptNamespaces.includes(name)) this.#warnExempt(request, namespace, policy);
      return;
    }
    const { enforce } = policy;
    const isStricter =
      enforce.level !== 'privileged' &&
      !sameLevelVersion(enforce, before.policy.enforce) &&
      (enforce.version !== before.policy.enforce.version ||
        compareLevels(enforce.level, before.policy.enforce.level) > 0);
    if (!isStricter) return;
    if (exemptNamespaces.includes(name)) {
      this.#warnExempt(request, namespace, policy);
      return;
    }
    const pods = (await this.#services.objects.list(
      { group: '', resource: 'pods' },
      name,
    )) as readonly Pod[];
    const warnings = namespaceWarnings(name, pods, enforce, {
      exemptRuntimeClasses: this.#options.exemptRuntimeClasses,
      clock: this.#services.clock,
    });
    for (const warning of warnings) request.context.warn(warning);
  }

  #warnExempt(request: AdmissionRequest, namespace: Namespace, policy: PodSecurityPolicy): void {
    const labels = namespace.metadata.labels ?? {};
    const modes = (['enforce', 'audit', 'warn'] as const).filter(
      (mode) =>
        policy[mode].level !== 'privileged' &&
        (labels[annotationPrefix + mode] ?? labels[`${annotationPrefix}${mode}-version`]) !==
          undefined,
    );
    const { defaults } = this.#options;
    const isAsDefault = (['enforce', 'audit', 'warn'] as const).every(
      (mode) =>
        sameLevelVersion(policy[mode], defaults[mode]) ||
        (policy[mode].level === 'privileged' && defaults[mode].level === 'privileged'),
    );
    if (isPrivileged(policy) || isAsDefault) return;
    const text = modes.map((mode) => `${mode}=${levelVersionText(policy[mode])}`).join(', ');
    request.context.warn(
      `namespace ${JSON.stringify(namespace.metadata.name)} is exempt from Pod Security, and the policy (${text}) will be ignored`,
    );
  }

  #isExempt(request: AdmissionRequest): boolean {
    const { exemptNamespaces, exemptUsernames } = this.#options;
    const reason = exemptNamespaces.includes(request.namespace)
      ? 'namespace'
      : exemptUsernames.includes(request.context.user.name)
        ? 'user'
        : null;
    if (reason !== null) annotate(request, 'exempt', reason);
    return reason !== null;
  }

  async #policyFor({ namespace }: AdmissionRequest): Promise<ReturnType<typeof policyOf>> {
    const found = await findObject(
      this.#services,
      { group: '', resource: 'namespaces' },
      '',
      namespace,
    );
    if (found === undefined)
      throw internalError(new Error(`failed to lookup namespace ${JSON.stringify(namespace)}`));
    return policyOf(found.metadata.labels, this.#options.defaults);
  }
}

function annotate({ context }: AdmissionRequest, key: string, value: string): void {
  context.annotate?.(annotationPrefix + key, value);
}

function isPrivileged({ enforce, audit, warn }: PodSecurityPolicy): boolean {
  return [enforce, audit, warn].every(({ level }) => level === 'privileged');
}

function checkedPod({
  metadata,
  spec,
}: {
  metadata?: Pod['metadata'];
  spec?: PodSpec;
}): CheckedPod {
  return { annotations: metadata?.annotations ?? {}, spec: spec ?? {} };
}

/** Of all that may change in a pod, only images change what it may do. */
function changesImages(pod: Pod, old: Pod): boolean {
  const imagesOf = ({ spec }: Pod, ephemeral: boolean) =>
    allContainers(spec)
      .filter(({ list }) => (list === 'ephemeralContainers') === ephemeral)
      .map(({ list, container }) =>
        JSON.stringify([list, ephemeral ? container.name : '', container.image ?? '']),
      );
  const before = new Set(imagesOf(old, true));
  return (
    imagesOf(pod, false).join() !== imagesOf(old, false).join() ||
    imagesOf(pod, true).some((image) => !before.has(image))
  );
}

const templateResources: ReadonlySet<string> = new Set([
  '/replicationcontrollers',
  '/podtemplates',
  'apps/replicasets',
  'apps/deployments',
  'apps/statefulsets',
  'apps/daemonsets',
  'batch/jobs',
  'batch/cronjobs',
]);

function hasTemplate(group: string, resource: string): boolean {
  return templateResources.has(`${group}/${resource}`);
}

interface Templated extends KubeObject {
  template?: { metadata?: Pod['metadata']; spec?: PodSpec };
  spec?: {
    template?: { metadata?: Pod['metadata']; spec?: PodSpec };
    jobTemplate?: { spec?: { template?: { metadata?: Pod['metadata']; spec?: PodSpec } } };
  };
}

function templateOf(object: KubeObject | null): CheckedPod | null {
  const { template, spec } = object as Templated;
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
  return found === undefined ? null : checkedPod(found);
}
