import type {
  ExpressionWarning,
  ValidatingAdmissionPolicy,
} from '../../api/gen/admissionregistration-v1.js';
import { type Informer, resources, WorkQueue } from '../../client/index.js';
import type { Controller, ControllerParts } from '../controller.js';
import { reconcileLoop } from '../runtime/reconcile-loop.js';
import { ignoreNotFound } from '../runtime/write-failures.js';
import { type KindType, openApiSource, type SchemaSource } from './kind-types.js';
import {
  expressionWarnings,
  kindsMax,
  type NamedResource,
  namedResources,
  orderedKinds,
  paramKindOf,
} from './plan.js';

/** Writes into the status of each ValidatingAdmissionPolicy what in its expressions does not fit the kinds that it is about. */
export class PolicyStatusController implements Controller {
  readonly name = 'validatingadmissionpolicy-status-controller';
  readonly #parts: ControllerParts;
  readonly #workers: number;
  readonly #queue: WorkQueue;
  readonly #policies: Informer<ValidatingAdmissionPolicy>;

  constructor(parts: ControllerParts, options: { readonly workers: number }) {
    this.#parts = parts;
    this.#workers = options.workers;
    this.#queue = new WorkQueue(parts.clock);
    this.#policies = parts.informers.of(resources.validatingAdmissionPolicies);
    const onChange = ({ metadata }: ValidatingAdmissionPolicy) =>
      this.#queue.add(metadata.name ?? '');
    this.#policies.addHandler({ onAdd: onChange, onUpdate: (_, now) => onChange(now) });
  }

  run(signal: AbortSignal): Promise<void> {
    return reconcileLoop({
      ...{ parts: this.#parts, name: 'validatingadmissionpolicy-status', queue: this.#queue },
      ...{ informers: [this.#policies], workers: this.#workers, signal },
      reconcile: (name) => this.#reconcile(name, signal),
    });
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const policy = this.#policies.lister.byKey(name);
    const generation = policy?.metadata.generation ?? 0;
    if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return;
    const source = await openApiSource(this.#parts.client, signal);
    const warnings = await warningsOf(policy, source);
    await this.#parts.client
      .objects(resources.validatingAdmissionPolicies)
      .apply(
        {
          metadata: { name },
          status: {
            observedGeneration: generation,
            typeChecking: warnings.length === 0 ? {} : { expressionWarnings: warnings },
          },
        },
        { subresource: 'status', manager: this.name, force: true, signal },
      )
      .catch(ignoreNotFound);
  }
}

async function warningsOf(
  policy: ValidatingAdmissionPolicy,
  source: SchemaSource,
): Promise<ExpressionWarning[]> {
  const kinds: KindType[] = [];
  for (const rule of namedResources(policy.spec?.matchConstraints)) {
    const found = await kindsOf(rule, source);
    kinds.push(...found);
    if (found.length === kindsMax) break;
  }
  const paramKind = paramKindOf(policy);
  const params =
    paramKind === null
      ? null
      : ((await source(paramKind.group, paramKind.version))?.ofKind(paramKind.kind)?.type ?? null);
  return expressionWarnings(policy, orderedKinds(kinds), params);
}

async function kindsOf(
  named: readonly NamedResource[],
  source: SchemaSource,
): Promise<readonly KindType[]> {
  const kinds: KindType[] = [];
  for (const { group, version, resource } of named) {
    const kind = (await source(group, version))?.ofResource(resource) ?? null;
    if (kind !== null) kinds.push(kind);
    if (kinds.length === kindsMax) break;
  }
  return kinds;
}
