import { type Clock, sleep } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import { isTrue } from '../../api/apiextensions-v1/conditions.js';
import { apiextensionsGroup } from '../../api/apiextensions-v1/index.js';
import type { CustomResourceDefinition } from '../../api/gen/apiextensions-v1.js';
import type { Scheme, ServedResource } from '../../api/scheme.js';
import { deepEqual } from '../../machinery/deep-equal.js';
import { fieldsOf, type KubeObject } from '../../machinery/object.js';
import { StatusError } from '../../machinery/status.js';
import type { RuleObserver } from '../cel/schema-rules.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { followAll } from '../registry/follow-all.js';
import type { ServerWrites } from '../registry/server-writes.js';
import { cleanupFinalizer } from './definition-hooks.js';
import { deleteInstances } from './instance-cleanup.js';
import { withAcceptedNames } from './naming.js';
import { servedVersion, servedVersions } from './served-versions.js';
import { type ConversionParts, converterOf } from './webhook-converter.js';

/** What serving custom resources needs. */
export interface CustomResourcesOptions extends ConversionParts {
  readonly scheme: Scheme;
  readonly endpoints: EndpointTable;
  readonly writes: ServerWrites;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Is told how long the rules in CEL of schemas take. */
  readonly observer: RuleObserver;
}

const definitions = { group: apiextensionsGroup, resource: 'customresourcedefinitions' };
/** Between tries to finish what did not succeed, or has to wait for finalizers. */
const retryMs = 500;

/**
 * Serves what CustomResourceDefinitions define. Each replica follows them: it gives names and conditions to new ones, puts those that
 * are established into the scheme, and removes the instances of those that are being deleted. What replicas do at the same time comes
 * to the same.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions;
  /** What was last told, by name. */
  readonly #known = new Map<string, CustomResourceDefinition>();
  /** What is in the scheme, by name. */
  readonly #served = new Map<string, CustomResourceDefinition>();
  /** Names of definitions that something is still to be done about. */
  readonly #dirty = new Set<string>();
  #isWorking = false;
  #signal: AbortSignal = new AbortController().signal;

  constructor(options: CustomResourcesOptions) {
    this.#options = options;
  }

  /** Serves until `signal` aborts. Resolves once all that is established already is served. */
  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const { clock, logger, endpoints } = this.#options;
    const follower = {
      upsert: (object: KubeObject) => this.#upsert(object as CustomResourceDefinition),
      remove: (object: KubeObject) => this.#remove(object as CustomResourceDefinition),
    };
    await followAll(endpoints, [{ resource: definitions, follower }], { clock, logger, signal });
  }

  #upsert(definition: CustomResourceDefinition): void {
    const name = definition.metadata.name ?? '';
    this.#known.set(name, definition);
    this.#serve(name, definition);
    this.#mark(name);
  }

  #remove(definition: CustomResourceDefinition): void {
    const name = definition.metadata.name ?? '';
    this.#known.delete(name);
    this.#dirty.delete(name);
    this.#stopServing(name);
    // Its names are free now: another may have waited for them.
    for (const [other, { spec }] of this.#known)
      if (spec?.group === definition.spec?.group) this.#mark(other);
  }

  #serve(name: string, definition: CustomResourceDefinition): void {
    if (!isTrue(definition, 'Established')) {
      this.#stopServing(name);
      return;
    }
    const before = this.#served.get(name);
    if (before !== undefined && isServedAlike(before, definition)) return;
    const of = {
      group: definition.spec?.group ?? '',
      resource: definition.spec?.names?.plural ?? '',
    };
    try {
      const versions = servedVersions(definition, this.#partsOf(definition));
      const { scheme } = this.#options;
      if (versions.some(({ version }) => isBuiltIn(scheme, of, version))) return;
      scheme.setCustom(of, versions);
      this.#served.set(name, definition);
    } catch (error) {
      this.#options.logger.error('a custom resource cannot be served', {
        name,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #stopServing(name: string): void {
    const before = this.#served.get(name);
    if (before === undefined) return;
    this.#served.delete(name);
    const of = { group: before.spec?.group ?? '', resource: before.spec?.names?.plural ?? '' };
    this.#options.scheme.setCustom(of, []);
    void this.#options.endpoints.closeCustom(`/registry/${of.group}/${of.resource}/`);
  }

  #partsOf(definition: CustomResourceDefinition) {
    const name = definition.metadata.name ?? '';
    return {
      convert: converterOf(definition, this.#options),
      isTerminating: () => this.#known.get(name)?.metadata.deletionTimestamp !== undefined,
      observer: this.#options.observer,
    };
  }

  #mark(name: string): void {
    this.#dirty.add(name);
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#work();
  }

  /** Works off what is marked, one after the other; what fails is tried again. */
  async #work(): Promise<void> {
    const { clock, logger } = this.#options;
    while (this.#dirty.size > 0 && !this.#signal.aborted) {
      const names = [...this.#dirty];
      this.#dirty.clear();
      const again: string[] = [];
      for (const name of names) {
        try {
          if (!(await this.#settle(name))) again.push(name);
        } catch (error) {
          if (error instanceof StatusError && error.reason === 'NotFound') continue;
          again.push(name);
          logger.debug('a CustomResourceDefinition is not settled yet', {
            name,
            error: error instanceof Error ? error.message : String(error),
          });
        }
      }
      if (this.#dirty.size === 0 && again.length > 0)
        await sleep(clock, retryMs, this.#signal).catch(() => {});
      for (const name of again) if (this.#known.has(name)) this.#dirty.add(name);
    }
    this.#isWorking = false;
  }

  /** True when nothing is left to do. */
  async #settle(name: string): Promise<boolean> {
    const definition = this.#known.get(name);
    if (definition === undefined) return true;
    if (definition.metadata.deletionTimestamp !== undefined) return this.#finish(definition);
    const nowMs = this.#options.clock.wallTime();
    const others = () => this.#known.values();
    if (deepEqual(withAcceptedNames(definition, others(), nowMs).status, definition.status))
      return true;
    await this.#options.writes.update(
      { resource: definitions, namespace: '', name },
      (current) =>
        withAcceptedNames(current as CustomResourceDefinition, others(), nowMs) as KubeObject,
      'status',
    );
    return true;
  }

  /** Removes the instances of a definition that is being deleted, then its finalizer. */
  async #finish(definition: CustomResourceDefinition): Promise<boolean> {
    const { endpoints, clock, writes } = this.#options;
    const name = definition.metadata.name ?? '';
    const finalizers = definition.metadata.finalizers ?? [];
    if (!finalizers.includes(cleanupFinalizer)) return true;
    const row = this.#rowOf(definition);
    const registry = isTrue(definition, 'Established')
      ? endpoints.endpointOf(row)?.registry
      : undefined;
    if (registry !== undefined) {
      const left = await deleteInstances(registry, row, clock.wallTime());
      if (left > 0) return false;
    }
    await writes.update({ resource: definitions, namespace: '', name }, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: (current.metadata.finalizers ?? []).filter((one) => one !== cleanupFinalizer),
      },
    }));
    return true;
  }

  /** A version by which instances are reached: one that is served, or the one that is stored. */
  #rowOf(definition: CustomResourceDefinition): ServedResource {
    const { scheme } = this.#options;
    const { group = '', names, versions = [] } = definition.spec ?? {};
    const served = scheme.storedResource({ group, resource: names?.plural ?? '' });
    if (served !== undefined) return served;
    const version = versions.find(({ storage }) => storage === true) ?? {};
    return servedVersion(definition, version, this.#partsOf(definition));
  }
}

function isBuiltIn(
  scheme: Scheme,
  { group, resource }: { readonly group: string; readonly resource: string },
  version: string,
): boolean {
  return scheme.resource(group, version, resource)?.isCustom === false;
}

/** Whether both are served in the same way: conditions make no difference. */
function isServedAlike(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  return (
    deepEqual(fieldsOf(a).spec ?? null, fieldsOf(b).spec ?? null) &&
    deepEqual(a.status?.acceptedNames ?? null, b.status?.acceptedNames ?? null)
  );
}
